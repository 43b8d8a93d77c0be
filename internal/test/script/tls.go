package script

import "crypto/tls"

// TLSConfig returns the server's config for a kind of TLS, as a script names
// it: with a certificate of that kind, which issue makes, or with a good one and
// other settings.
func TLSConfig(kind string, issue func(kind string) (tls.Certificate, error)) (*tls.Config, error) {
	cfg := &tls.Config{}
	certificate := "good"
	switch kind {
	case "version 1.1":
		cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	case "version 1.2":
		cfg.MaxVersion = tls.VersionTLS12
	case "ALPN http/1.1":
		cfg.NextProtos = []string{"http/1.1"}
	case "client certificate":
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	case "client certificate, version 1.2":
		cfg.ClientAuth, cfg.MaxVersion = tls.RequireAndVerifyClientCert, tls.VersionTLS12
	default:
		certificate = kind
	}
	cert, err := issue(certificate)
	cfg.Certificates = []tls.Certificate{cert}
	return cfg, err
}
