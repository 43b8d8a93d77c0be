package dial

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/recall"
	"github.com/mailconn/mailconn/policy"
)

// Security describes how a connection is protected.
type Security struct {
	// Endpoint is the endpoint that was dialled, with host and port in canonical
	// form.
	Endpoint Endpoint
	// TLS is the state of the handshake, and nil in the clear. It is a copy.
	TLS *tls.ConnectionState
	// Verified is how the server was verified. It is trust.None if the caller's
	// config has InsecureSkipVerify, also if it has a VerifyConnection.
	Verified trust.Method
	// ServerName is the name that the certificate was verified for: the host, the
	// ServerName of the caller's config, or one that a rule of package mx names.
	ServerName string
	// Downgrade says why a connection under OpportunisticSTARTTLS is in the clear. It
	// is nil under every other policy, and with TLS.
	Downgrade *policy.Violation
	// RemoteAddr is the address of the server, or of the proxy to it.
	RemoteAddr net.Addr
	// Known is what the Dialer's Peers had of the server before this connection. It
	// is nil if they had nothing.
	Known *peers.Known
	// Login is how the session was authenticated. It is zero before a login.
	Login Login
}

// Encrypted reports whether the connection uses TLS.
func (s Security) Encrypted() bool { return s.TLS != nil }

// Confidential reports whether the connection has the minimum confidentiality of
// RFC 8314 §5: TLS 1.2 or later with a certificate that verifies, or that a TLSA record
// vouches for. A program may show such a connection as secure. It is false for a pinned
// server (RFC 8314 §5.4).
func (s Security) Confidential() bool {
	return s.Encrypted() && (s.Verified == trust.PKIX || s.Verified == trust.DANE)
}

// KeyChanged reports whether the key of the server is not the one in Known, which is
// of the last session that the Dialer's Peers remember. It changes with most renewals
// of a certificate: a program may show it, but it is not suspicious if the certificate
// verifies.
func (s Security) KeyChanged() bool {
	now, _ := s.keys()
	return s.Encrypted() && s.Known != nil && now != s.Known.Record.Leaf
}

// IssuerChanged reports whether the certificate of the server was issued by another key
// than the one in Known, which is of the last session that the Dialer's Peers
// remember.
func (s Security) IssuerChanged() bool {
	_, now := s.keys()
	return s.Encrypted() && s.Known != nil && now != s.Known.Record.Issuer
}

// keys returns the hashes of the keys of the certificate and its issuer.
func (s Security) keys() (leaf, issuer trust.KeyHash) {
	if s.TLS == nil || len(s.TLS.PeerCertificates) == 0 {
		return
	}
	leaf = trust.HashKey(s.TLS.PeerCertificates[0])
	if chains := s.TLS.VerifiedChains; len(chains) > 0 && len(chains[0]) > 1 {
		issuer = trust.HashKey(chains[0][1])
	}
	return leaf, issuer
}

// record returns the record of this session for the Dialer's Peers. ok is false if the
// server was not verified.
func (s Security) record(lifetime time.Duration) (r peers.Record, ok bool) {
	if s.TLS == nil || s.Verified == trust.None {
		return peers.Record{}, false
	}
	now := recall.Now()
	r = peers.Record{Policy: s.Endpoint.Policy, Verified: s.Verified, Version: s.TLS.Version, FirstSeen: now, LastSeen: now, Lifetime: lifetime}
	r.Leaf, r.Issuer = s.keys()
	return r, true
}

// String returns one line for a log or a status bar.
func (s Security) String() string {
	switch {
	case !s.Encrypted() && s.Downgrade != nil:
		return fmt.Sprintf("%v: in the clear: %v", s.Endpoint, s.Downgrade)
	case !s.Encrypted():
		return fmt.Sprintf("%v: in the clear", s.Endpoint)
	}
	peer := "server not verified"
	if s.Verified != trust.None {
		peer = fmt.Sprintf("%s verified (%v)", s.ServerName, s.Verified)
	}
	line := fmt.Sprintf("%v: %s, %s, %s", s.Endpoint, tls.VersionName(s.TLS.Version), tls.CipherSuiteName(s.TLS.CipherSuite), peer)
	switch {
	case s.Login.NotOffered:
		line += ", the server offers no login"
	case s.Login.Binding != "" || s.Login.Unbound != nil:
		line += ", login by " + s.Login.String()
	}
	return line
}

// LogValue returns the protection as attributes for log/slog.
func (s Security) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("endpoint", s.Endpoint.String()),
		slog.String("verified", s.Verified.String()),
		slog.Bool("confidential", s.Confidential()),
	}
	if s.TLS != nil {
		attrs = append(attrs,
			slog.String("version", tls.VersionName(s.TLS.Version)),
			slog.String("suite", tls.CipherSuiteName(s.TLS.CipherSuite)),
			slog.String("server_name", s.ServerName))
	}
	if s.Downgrade != nil {
		attrs = append(attrs, slog.String("downgrade", s.Downgrade.Error()))
	}
	if s.Login != (Login{}) {
		attrs = append(attrs, slog.String("login", s.Login.String()))
	}
	return slog.GroupValue(attrs...)
}
