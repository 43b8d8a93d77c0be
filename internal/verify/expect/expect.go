// Package expect has what a mail server is expected to show to a server that delivers
// to it: each is a [verify.Expectation].
package expect

import (
	"crypto/tls"
	"errors"

	"github.com/mailconn/mailconn/internal/verify"
)

// ByName expects a certificate for one of the names. Without names no server will do.
func ByName(names []string) verify.Expectation {
	return func(cfg *tls.Config) verify.Verifier {
		return func(s tls.ConnectionState) verify.Verdict { return named(s, names, cfg) }
	}
}

// Anyone accepts every server, as one that is not verified. If note is not nil, it is told
// what [ByName] would have said.
func Anyone(names []string, note func(error)) verify.Expectation {
	return func(cfg *tls.Config) verify.Verifier {
		judge := verify.StrongKeys(ByName(names)(cfg))
		return func(s tls.ConnectionState) verify.Verdict {
			if note != nil {
				note(judge(s).Err)
			}
			return verify.Verdict{}
		}
	}
}

var errNoName = errors.New("no name to verify the certificate for")

// named verifies the certificate with the roots and the clock of cfg, for the first of the
// names that it has.
func named(s tls.ConnectionState, names []string, cfg *tls.Config) verify.Verdict {
	if len(names) == 0 {
		return verify.Verdict{Err: verify.Unverified(s, errNoName)}
	}
	cfg = cfg.Clone()
	cfg.ServerName = names[0] // which the error is about if it has none of them
	for _, name := range names {
		if s.PeerCertificates[0].VerifyHostname(name) == nil {
			cfg.ServerName = name
			break
		}
	}
	v := verify.PKIX(cfg)(s)
	v.Name = cfg.ServerName
	return v
}
