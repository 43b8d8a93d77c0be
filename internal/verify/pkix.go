package verify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"

	"github.com/mailconn/mailconn/dial/trust"
)

// Standard returns a Verifier that adopts the result of crypto/tls, which verifies
// the certificate before it calls VerifyConnection. If cfg has InsecureSkipVerify it
// accepts every server, with [trust.None].
func Standard(cfg *tls.Config) Verifier {
	insecure := cfg.InsecureSkipVerify
	return func(s tls.ConnectionState) Verdict {
		if insecure || len(s.VerifiedChains) == 0 { // a resumed session may have chains from before
			return Verdict{}
		}
		return Verdict{Method: trust.PKIX, Chains: s.VerifiedChains}
	}
}

// PKIX returns a Verifier that verifies the certificate as crypto/tls does, with the
// roots and the clock of cfg, and for one of the names; none stands for that of cfg. It
// is for a config with InsecureSkipVerify, in which crypto/tls leaves the verification to
// VerifyConnection.
func PKIX(cfg *tls.Config, names ...string) Verifier {
	if names == nil {
		names = []string{cfg.ServerName}
	}
	return func(s tls.ConnectionState) Verdict {
		chains, err := verifyNames(s.PeerCertificates, names, x509.VerifyOptions{Roots: cfg.RootCAs}, cfg.Time)
		if err != nil {
			return Verdict{Err: unverified(s, err)}
		}
		return Verdict{Method: trust.PKIX, Chains: chains}
	}
}

// verifyNames verifies what a server presents for one of the names, and for the roots of
// the options. A nil now is time.Now.
func verifyNames(presented []*x509.Certificate, names []string, options x509.VerifyOptions, now func() time.Time) ([][]*x509.Certificate, error) {
	if err := hasName(presented[0], names); err != nil {
		return nil, err
	}
	if now != nil {
		options.CurrentTime = now()
	}
	options.Intermediates = x509.NewCertPool()
	for _, cert := range presented[1:] {
		options.Intermediates.AddCert(cert)
	}
	return presented[0].Verify(options)
}

// hasName returns the error of the first name if a certificate has none of them.
func hasName(cert *x509.Certificate, names []string) error {
	err := errors.New("no name to verify the certificate for")
	for i, name := range names {
		wrong := cert.VerifyHostname(name)
		if wrong == nil {
			return nil
		}
		if i == 0 {
			err = wrong
		}
	}
	return err
}

// unverified returns err as crypto/tls reports it.
func unverified(s tls.ConnectionState, err error) error {
	return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
}
