package dial

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"

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
	now, _ := recall.Keys(s.TLS)
	return s.Encrypted() && s.Known != nil && now != s.Known.Record.Leaf
}

// IssuerChanged reports whether the certificate of the server was issued by another key
// than the one in Known, which is of the last session that the Dialer's Peers
// remember.
func (s Security) IssuerChanged() bool {
	_, now := recall.Keys(s.TLS)
	return s.Encrypted() && s.Known != nil && now != s.Known.Record.Issuer
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

// Login is how a session was authenticated.
type Login struct {
	// Mechanism is the SASL mechanism, or the name of the protocol's own command.
	Mechanism string
	// Binding is the type of the channel binding to TLS, such as "tls-exporter"
	// (RFC 9266). It is empty if the login is not bound.
	Binding string
	// Unbound is the refusal if the server listed a mechanism with channel binding and
	// refused it, so that the login is not bound. The cause may be a fault of the
	// server or an attacker in the middle.
	Unbound error
	// NotOffered is set if there were credentials, the server offered no way to
	// log in, and the credentials say that the session may go on without a login.
	NotOffered bool
}

// String returns the mechanism, with a note about channel binding if there is one.
func (l Login) String() string {
	switch {
	case l.Binding != "":
		return l.Mechanism + " (" + l.Binding + ")"
	case l.Unbound != nil:
		return l.Mechanism + " (channel binding was listed and refused)"
	case l.NotOffered:
		return "none offered"
	}
	return l.Mechanism
}
