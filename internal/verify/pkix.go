package verify

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/mailconn/mailconn/dial/trust"
)

// Standard is the verifier for a config whose verification crypto/tls does
// itself, before VerifyConnection. Where cfg switches it off
// (InsecureSkipVerify) every server is accepted, and none is verified.
func Standard(cfg *tls.Config) Verifier {
	insecure := cfg.InsecureSkipVerify
	return func(s tls.ConnectionState) Verdict {
		if insecure || len(s.VerifiedChains) == 0 { // a resumed session may bring chains from elsewhere
			return Verdict{}
		}
		return Verdict{Method: trust.PKIX, Chains: s.VerifiedChains}
	}
}

// PKIX verifies the server's certificate as crypto/tls does with the roots, the
// name and the clock of cfg. It is for a config in which InsecureSkipVerify is set
// because another verifier has a say as well.
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
			return Verdict{Err: unverified(s, err)}
		}
		return Verdict{Method: trust.PKIX, Chains: chains}
	}
}

// unverified returns the error that crypto/tls has for a certificate that does
// not verify.
func unverified(s tls.ConnectionState, err error) error {
	return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
}
