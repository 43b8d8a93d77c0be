package verify

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CheckConfig returns an error for a config that no connection may use. c may be nil.
func CheckConfig(c *tls.Config) error {
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

// Config returns the config for one endpoint, made from the caller's base, which may
// be nil. host is the name to verify unless base has a ServerName. alpn is the
// protocol's registered id, and empty for none. Sessions are resumed for the same
// endpoint only. [Install] adds the verification of the server.
func Config(base *tls.Config, host, alpn string, endpoint fmt.Stringer) *tls.Config {
	cfg := base.Clone()
	if cfg == nil {
		cfg = &tls.Config{}
	}
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = strings.Cut(host, "%") // no certificate has the zone of an IPv6 address
	}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	if cfg.EncryptedClientHelloConfigList != nil {
		cfg.MinVersion = tls.VersionTLS13 // as crypto/tls wants it
	}
	cfg.NextProtos = nil
	if alpn != "" {
		cfg.NextProtos = []string{alpn}
	}
	if cfg.ClientSessionCache != nil {
		cfg.ClientSessionCache = &sessionCache{cfg.ClientSessionCache, endpoint.String() + " "}
	}
	return cfg
}

// sessionCache keeps the sessions of an endpoint apart from others in the same cache.
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
