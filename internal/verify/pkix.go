package verify

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/mailconn/mailconn/dial/trust"
)

// Standard returns a Verifier that adopts the result of crypto/tls, which verifies
// the certificate before it calls VerifyConnection. If cfg has InsecureSkipVerify it
// accepts every server, with [trust.None].
func Standard(cfg *tls.Config) Verifier {
	if cfg.InsecureSkipVerify {
		return func(tls.ConnectionState) Verdict { return Verdict{} } // a resumed session may have chains from before
	}
	return func(s tls.ConnectionState) Verdict {
		if len(s.VerifiedChains) == 0 {
			return Verdict{}
		}
		return Verdict{Method: trust.PKIX, Chains: s.VerifiedChains}
	}
}

// PKIX returns a Verifier that verifies the certificate as crypto/tls does, with the
// roots, the name and the clock of cfg. It is for a config with InsecureSkipVerify,
// in which crypto/tls leaves the verification to VerifyConnection.
func PKIX(cfg *tls.Config) Verifier {
	return func(s tls.ConnectionState) Verdict {
		options := x509.VerifyOptions{
			Roots:         cfg.RootCAs,
			DNSName:       cfg.ServerName,
			Intermediates: x509.NewCertPool(),
		}
		if cfg.Time != nil {
			options.CurrentTime = cfg.Time()
		}
		for _, cert := range s.PeerCertificates[1:] {
			options.Intermediates.AddCert(cert)
		}
		chains, err := s.PeerCertificates[0].Verify(options)
		if err != nil {
			return Verdict{Err: Unverified(s, err)}
		}
		return Verdict{Method: trust.PKIX, Chains: chains}
	}
}

// Unverified returns the error for a server that is not accepted, as crypto/tls reports it.
func Unverified(s tls.ConnectionState, err error) error {
	return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
}
