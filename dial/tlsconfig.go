package dial

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/netip"
	"slices"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// tlsConfig returns a config of its own for e, made from the caller's.
func tlsConfig(base *tls.Config, e Endpoint) (*tls.Config, error) {
	cfg := &tls.Config{}
	if base != nil {
		if err := checkTLSConfig(base); err != nil {
			return nil, err
		}
		cfg = base.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = serverName(e.Host)
	}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	if cfg.EncryptedClientHelloConfigList != nil {
		cfg.MinVersion = tls.VersionTLS13 // as crypto/tls wants it
	}
	cfg.NextProtos = alpn(e.Protocol)
	if cfg.ClientSessionCache != nil {
		cfg.ClientSessionCache = &sessionCache{cfg.ClientSessionCache, e.String() + " "}
	}
	verify := cfg.VerifyConnection
	cfg.VerifyConnection = func(s tls.ConnectionState) error {
		if err := checkKeys(s); err != nil || verify == nil {
			return err
		}
		return verify(s)
	}
	return cfg, nil
}

// serverName is the host without an IPv6 zone, which no certificate has.
func serverName(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.WithZone("").String()
	}
	return host
}

func checkTLSConfig(c *tls.Config) error {
	switch {
	case c.MinVersion != 0 && c.MinVersion < tls.VersionTLS12, c.MaxVersion != 0 && c.MaxVersion < tls.VersionTLS12:
		return errors.New("TLSConfig allows versions below TLS 1.2 (RFC 8997)")
	case c.MaxVersion != 0 && c.MaxVersion < c.MinVersion:
		return errors.New("TLSConfig has MaxVersion below MinVersion")
	case c.Renegotiation != tls.RenegotiateNever:
		return errors.New("TLSConfig allows renegotiation")
	case slices.ContainsFunc(c.CipherSuites, isBroken):
		return errors.New("TLSConfig names RC4 or 3DES cipher suites (RFC 9325 §4.1)")
	}
	return nil
}

func isBroken(suite uint16) bool {
	switch suite {
	case tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA,
		tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA:
		return true
	}
	return false
}

// alpn returns the protocol's registered id. There is none for SMTP.
func alpn(p policy.Protocol) []string {
	switch p {
	case policy.IMAP:
		return []string{"imap"}
	case policy.POP3:
		return []string{"pop3"}
	}
	return nil
}

// minRSABits is the least modulus that RFC 9325 §4.5 allows.
const minRSABits = 2048

// checkKeys refuses a connection if every verified chain has a short RSA key
// below its root. It stands in VerifyConnection because VerifyPeerCertificate
// is passed over on resumption.
func checkKeys(s tls.ConnectionState) error {
	var weak error
	for _, chain := range s.VerifiedChains {
		if weak = weakKey(chain); weak == nil {
			return nil
		}
	}
	if weak == nil { // verification was switched off
		return nil
	}
	return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: weak}
}

func weakKey(chain []*x509.Certificate) error {
	below := chain[:max(len(chain)-1, 1)]
	for _, cert := range below {
		if key, ok := cert.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < minRSABits {
			return &trust.WeakKeyError{Cert: cert, Bits: key.N.BitLen()}
		}
	}
	return nil
}

// sessionCache keeps the sessions of different endpoints apart in one cache.
type sessionCache struct {
	tls.ClientSessionCache
	prefix string
}

func (c *sessionCache) Get(key string) (*tls.ClientSessionState, bool) {
	return c.ClientSessionCache.Get(c.prefix + key)
}

func (c *sessionCache) Put(key string, s *tls.ClientSessionState) {
	c.ClientSessionCache.Put(c.prefix+key, s)
}
