package hint

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// The phases of package dial before those of the upgrade.
const (
	phaseConfig  = "config"
	phaseConnect = "connect"
)

// causes returns the rows for what is no broken rule.
func causes() []Row {
	return []Row{
		{
			Name:  "Error.Phase is PhaseConfig",
			Means: "an argument or an option is wrong, which is found before any I/O",
			Do:    "The error says which: correct it.",
			hint:  config,
		}, {
			Name:  "context.Canceled, net.ErrClosed",
			Means: "this program gave the connection up: it cancelled the context, or closed the connection",
			Do:    "Nothing is wrong with the server, and nothing is known of it.",
			hint:  ownEnd,
		}, {
			Name:  "*tls.CertificateVerificationError",
			Means: "the certificate is expired, for another name, of an unknown authority, or otherwise unfit",
			Do:    "The server has to be put right. For a private CA put its certificate into TLSConfig.RootCAs.",
			hint:  certificate,
		}, {
			Name:  `"remote error: tls: …"`,
			Means: "the server ended the handshake with an alert",
			Do:    `It may want a client certificate, or know only TLS older than 1.2. For "no application protocol" the port and the protocol do not fit, or Dialer.NoALPN is the way out.`,
			hint:  alert,
		}, {
			Name:  "*net.OpError, *net.DNSError",
			Means: "the network, or the Dialer's NetDialer, did not make the connection",
			Do:    "Check host, port and network, and the proxy if the NetDialer leads through one.",
			hint:  network,
		}, {
			Name:  "context.DeadlineExceeded",
			Means: "the time ran out, and Timeout reports true",
			Do:    "The phase says what did not answer: in phase connect a firewall, in phase greeting perhaps a port for implicit TLS.",
			hint:  timeout,
		}, {
			Name:  "*dial.Farewell",
			Means: "the server left, with the words in Reply or without any",
			Do:    "Try again later. In phase handshake it is often a server with nothing newer than TLS 1.1.",
			hint:  hangup,
		}, {
			Name:  "smtpconn.ErrPipelining, pop3conn.ErrPipelining",
			Means: "the session ended while commands were sent ahead of their replies",
			Do:    "If that lasts, set Options.NoPipelining.",
			hint:  func(*Failure) string { return "" }, // is added to the hint of the cause
		}, {
			Name:  "*auth.Error",
			Means: "the login failed",
			Do:    "Kind says whether the password is wrong, the account busy, or no mechanism fits, and Guessed whether that is a guess.",
			hint:  func(*Failure) string { return "" }, // it has a hint of its own
		}, {
			Name:  "Error.Known",
			Means: "if it is set, the server had TLS before, whatever it does now",
			Do:    "A server that is worse than it was may be an attacker.",
			hint:  func(*Failure) string { return "" }, // comes before all others
		},
	}
}

// ownAlert explains a handshake that crypto/tls broke off, for which it has no types.
func ownAlert(f *Failure) string {
	if f.Phase != upgrade.PhaseHandshake {
		return ""
	}
	text := f.Err.Error()
	switch {
	case strings.Contains(text, "unsupported protocol version"):
		return onlyOldTLS
	case strings.Contains(text, "ALPN"):
		return "The server does not answer the name of the protocol in the handshake as it must: set NoALPN."
	case strings.Contains(text, "tls: "):
		return "The server's part of the TLS handshake does not fit this client's: if that lasts, other TLSConfig.CipherSuites and CurvePreferences, or NoALPN, may suit it better."
	}
	return ""
}

// config explains an argument that is wrong.
func config(f *Failure) string {
	if f.Phase != phaseConfig {
		return ""
	}
	return fmt.Sprintf("A setting of this program is wrong, and nothing was sent: %v.", f.Err)
}

func ownEnd(f *Failure) string {
	if !wire.OwnEnd(f.Err) {
		return ""
	}
	return "This program gave the connection up itself."
}

// detour explains a NetDialer of the program's that failed. One that leads straight to the
// server has met an address with the server's port, and any other a proxy.
func detour(f *Failure, err error) string {
	var op *net.OpError
	for below := err; errors.As(below, &op); below = op.Err { // one may be of the whole way, and hold that of the proxy
		switch {
		case op.Addr == nil || strings.HasSuffix(op.Addr.String(), fmt.Sprintf(":%d", f.Port)):
			continue
		case op.Op == "dial":
			return fmt.Sprintf("The proxy at %s, which is to lead to %s, cannot be reached: is it running? Nothing is known of the mail server.", op.Addr, f.Server)
		}
		return fmt.Sprintf("The proxy at %s was reached, and does not make the connection to %s: it may be no proxy, or get no answer itself. Nothing is known of the mail server.", op.Addr, f.Server)
	}
	return fmt.Sprintf("The proxy or tunnel to %s does not make the connection: its error says why. Nothing is known of the mail server; perhaps nothing answers at that host and port.", f.Server)
}

func network(f *Failure) string {
	var (
		dns   *net.DNSError
		other *wire.Detour
	)
	switch {
	case errors.As(f.Err, &other):
		return detour(f, other.Err)
	case errors.As(f.Err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("There is no host named %s: check the spelling.", f.Host)
	case errors.As(f.Err, &dns):
		return "The name server does not answer: is the network up?"
	case errors.Is(f.Err, syscall.ECONNREFUSED):
		return fmt.Sprintf("Nothing listens on %s (connection refused): check host and port; the usual one is %d.",
			f.Server, f.Protocol.DefaultPort(f.Policy))
	case errors.Is(f.Err, syscall.EHOSTUNREACH), errors.Is(f.Err, syscall.ENETUNREACH):
		return fmt.Sprintf("There is no route to %s: is the network up?", f.Host)
	}
	return ""
}

func timeout(f *Failure) string {
	if !f.TimedOut {
		return ""
	}
	switch f.Phase {
	case phaseConnect:
		return fmt.Sprintf("No answer from %s: a firewall may block the port, or the host is down.", f.Server)
	case upgrade.PhaseGreeting:
		if f.Policy != policy.ImplicitTLS {
			return fmt.Sprintf("%s accepts connections but says nothing: it may expect TLS from the first byte; try %s.", f.Server, f.here(policy.ImplicitTLS))
		}
	case upgrade.PhaseHandshake:
		return fmt.Sprintf("%s does not answer the TLS handshake: this may not be a TLS port, or something on the way blocks TLS.", f.Server)
	}
	return fmt.Sprintf("%s did not answer in the time that was allowed (phase %s): try again later.", f.Server, f.Phase)
}

func hangup(f *Failure) string {
	var closed *wire.Closed
	if !errors.As(f.Err, &closed) {
		if !errors.Is(f.Err, syscall.ECONNRESET) {
			return ""
		}
		closed = &wire.Closed{}
	}
	switch {
	case f.Phase == upgrade.PhaseHandshake:
		return "The server hung up in the TLS handshake: if that lasts, it may only know TLS older than 1.2, something in between may block TLS, or the client's first message is too much for it: NoALPN and TLSConfig.CurvePreferences make that smaller."
	case wire.AsksForCertificate(closed.Reply):
		return wantsCertificate
	case closed.Reply != "":
		return "The server ended the connection itself, and its words say why: try again later" + maybeName(f)
	case closed.Partial != "":
		return "The server hung up in the middle of its words, of which the error has the beginning: try again later."
	case f.Phase == upgrade.PhaseGreeting:
		return "The server hung up without a word: it may be overloaded, or refuse this client's address."
	}
	return "The server hung up without a word: try again later" + maybeName(f)
}

const (
	wantsCertificate = "The server wants a client certificate, or does not accept the one it got: set one up in this program."
	onlyOldTLS       = "The server only knows versions of TLS older than 1.2: it must be updated."
)

// Alerts of RFC 8446 §6.2, RFC 7301 and RFC 6066.
const (
	alertHandshakeFailure   = 40
	alertBadCertificate     = 42
	alertUnknownCertificate = 46
	alertUnknownCA          = 48
	alertAccessDenied       = 49
	alertProtocolVersion    = 70
	alertUnrecognizedName   = 112
	alertCertRequired       = 116
	alertNoALPN             = 120
)

func alert(f *Failure) string {
	number, ok := wire.RemoteAlert(f.Err)
	if !ok {
		return ownAlert(f)
	}
	switch number {
	case alertProtocolVersion:
		return onlyOldTLS
	case alertHandshakeFailure:
		return "The server and this client have no TLS settings in common: it may be too old, or demand a client certificate; TLSConfig.CipherSuites and CurvePreferences say what this client accepts."
	case alertCertRequired, alertBadCertificate, alertUnknownCertificate, alertUnknownCA, alertAccessDenied:
		return wantsCertificate
	case alertUnrecognizedName:
		return fmt.Sprintf("The server does not know the name %s: use the name its certificate is for.", f.Host)
	case alertNoALPN:
		return fmt.Sprintf("What listens on %s is a TLS server for another protocol than %v, or does not know its name in the handshake: check the port, or set NoALPN.", f.Server, f.Protocol)
	}
	return fmt.Sprintf("The server broke off the TLS handshake with alert %d: if that lasts, NoALPN, or other TLSConfig.CipherSuites and CurvePreferences, may suit it better.", number)
}
