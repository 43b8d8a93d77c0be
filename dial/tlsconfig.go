package dial

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"slices"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/protocols"
	"github.com/mailconn/mailconn/internal/verify"
)

// tlsConfig returns a config of its own for e, made from the Dialer's. What
// verifies the server is not part of it yet.
func (d *Dialer) tlsConfig(e Endpoint) *tls.Config {
	cfg := &tls.Config{}
	if d.TLSConfig != nil {
		cfg = d.TLSConfig.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = serverName(e.Host)
	}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	if cfg.EncryptedClientHelloConfigList != nil {
		cfg.MinVersion = tls.VersionTLS13 // as crypto/tls wants it
	}
	cfg.NextProtos = nil
	if id := protocols.Of(e.Protocol).ALPN; id != "" && !d.NoALPN {
		cfg.NextProtos = []string{id}
	}
	if cfg.ClientSessionCache != nil {
		cfg.ClientSessionCache = &sessionCache{cfg.ClientSessionCache, e.String() + " "}
	}
	return cfg
}

// serverName is the host without an IPv6 zone, which no certificate has.
func serverName(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.WithZone("").String()
	}
	return host
}

// checkTLSConfig refuses what no connection may have. c may be nil.
func checkTLSConfig(c *tls.Config) error {
	switch {
	case c == nil:
		return nil
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

// verifyServer puts into the call's config what judges the server: the
// certificate, the pins, the caller's own check, and what is remembered.
func (c *call) verifyServer(pins []Pin) error {
	v := verify.Standard(c.tls)
	if len(pins) > 0 {
		switch {
		case c.tls.InsecureSkipVerify:
			return errors.New("there is a pin for the endpoint, and TLSConfig has InsecureSkipVerify")
		case c.tls.VerifyPeerCertificate != nil:
			return errors.New("there is a pin for the endpoint, and TLSConfig has VerifyPeerCertificate: use VerifyConnection")
		}
		c.tls.InsecureSkipVerify = true // what crypto/tls would do is part of the verifier
		v = pinned(verify.PKIX(c.tls), pins)
	}
	v = verify.StrongKeys(v)
	if own := c.tls.VerifyConnection; own != nil {
		v = verify.Then(v, own)
	}
	c.server = verify.Install(c.tls, verify.Then(v, c.memory.checkVersion))
	return nil
}

// pinned returns the verifier for an endpoint with pins.
func pinned(v verify.Verifier, pins []Pin) verify.Verifier {
	var keys []trust.KeyHash
	exclusive := false
	for _, p := range pins {
		keys = append(keys, p.Key)
		exclusive = exclusive || p.Exclusive
	}
	return verify.Pinned(v, keys, exclusive)
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
