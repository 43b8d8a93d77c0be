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

// Security is what was achieved on a connection.
type Security struct {
	// Endpoint is what was dialled, with host and port filled in.
	Endpoint Endpoint
	// TLS is the state after the handshake, nil in the clear. It is a copy.
	TLS *tls.ConnectionState
	// Verified tells how the server's identity was checked. It is trust.None
	// whenever the caller's config sets InsecureSkipVerify, even if it brings
	// a check of its own.
	Verified trust.Method
	// ServerName is the name that the certificate was checked for: the host,
	// or the ServerName of the caller's config.
	ServerName string
	// Downgrade says why a connection under OpportunisticSTARTTLS is in the
	// clear. It is nil under every other policy, and whenever TLS is up.
	Downgrade  *policy.Violation
	RemoteAddr net.Addr
	// Known is what the Dialer's Peers held of the server before this
	// connection, nil if nothing.
	Known *peers.Known
	// Login tells how the session on the connection was authenticated. Its
	// zero value means that there was no login.
	Login Login
}

// Encrypted reports whether TLS is up.
func (s Security) Encrypted() bool { return s.TLS != nil }

// Confidential reports whether the connection meets the minimum of RFC 8314
// §5: TLS 1.2 or later with a verified certificate. A program may show such a
// connection as secure. A pinned server does not count (RFC 8314 §5.4).
func (s Security) Confidential() bool { return s.Encrypted() && s.Verified == trust.PKIX }

// KeyChanged reports whether the server has another key than in the last
// session that is remembered. That is so after most renewals of certificates:
// it is something to show, and no reason for alarm where the certificate
// verifies.
func (s Security) KeyChanged() bool {
	now, _ := s.keys()
	return s.Encrypted() && s.Known != nil && now != s.Known.Record.Leaf
}

// IssuerChanged reports whether the server's certificate was signed by another
// key than in the last session that is remembered.
func (s Security) IssuerChanged() bool {
	_, now := s.keys()
	return s.Encrypted() && s.Known != nil && now != s.Known.Record.Issuer
}

// keys returns the keys of the server's certificate and of its issuer.
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

// record returns what the session shows of the server, if the server was accepted.
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

// LogValue returns what was achieved as attributes for log/slog.
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
