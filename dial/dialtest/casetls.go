package dialtest

import (
	"crypto/tls"
	"fmt"
)

// caseConfig returns the server's config for what a script calls a kind of
// certificate: one of ours, or a good one with other settings.
func (ca *CA) caseConfig(kind string) (*tls.Config, error) {
	cert, err := ca.Certificate(caseCert(kind))
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}}
	switch kind {
	case "tls11":
		cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	case "tls12":
		cfg.MaxVersion = tls.VersionTLS12
	case "alpn-http":
		cfg.NextProtos = []string{"http/1.1"}
	case "client-cert":
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	case "client-cert-12":
		cfg.ClientAuth, cfg.MaxVersion = tls.RequireAndVerifyClientCert, tls.VersionTLS12
	case "good":
	default:
		if caseCert(kind) == CertGood {
			return nil, fmt.Errorf("dialtest: no certificate %q", kind)
		}
	}
	return cfg, nil
}

// caseCert returns what a script means by a kind of certificate.
func caseCert(kind string) CertKind {
	switch kind {
	case "expired":
		return CertExpired
	case "not-yet":
		return CertNotYetValid
	case "wrong-host":
		return CertWrongHost
	case "self-signed":
		return CertSelfSigned
	case "unknown-ca":
		return CertUnknownCA
	case "missing-intermediate":
		return CertMissingIntermediate
	case "cn-only":
		return CertCNOnly
	case "weak-key":
		return CertWeakKey
	case "client-only":
		return CertClientOnly
	}
	return CertGood
}
