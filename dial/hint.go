package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Hint returns one sentence that tells a person what is wrong and what to do,
// or "" if the evidence does not say more than the error does. It is decided
// from what was seen on the connection, is printable, and never suggests going
// on without TLS.
func (e *Error) Hint() string {
	if e.Err == nil {
		return ""
	}
	for _, hint := range []func(*Error) string{
		hintBySession, hintByMemory, hintByViolation, hintByCertificate, hintByAlert, hintByNetwork, hintByTimeout, hintByClose,
	} {
		if s := hint(e); s != "" {
			return wire.Printable(s)
		}
	}
	return ""
}

// hintBySession lets an error of authentication speak for itself.
func hintBySession(e *Error) string {
	var own interface{ Hint() string }
	if errors.As(e.Err, &own) {
		return own.Hint()
	}
	return ""
}

func hintByViolation(e *Error) string {
	var v *policy.Violation
	if !errors.As(e.Err, &v) {
		return ""
	}
	server := e.Endpoint.Address()
	switch {
	case errors.Is(v, upgrade.ErrSpeaksTLS):
		return fmt.Sprintf("%s expects TLS from the first byte: use %s.", server, e.here(policy.ImplicitTLS))
	case errors.Is(v, upgrade.ErrMasked):
		return "A firewall on the way crosses out the server's STARTTLS keyword (ESMTP inspection): have it switched off, or use the implicit TLS port."
	case v.Reason == policy.ErrUnset:
		return "It was not said how to protect the connection: choose implicit-tls, or required-starttls for servers without a TLS port."
	case v.Reason == policy.ErrNotTLS:
		return e.hintClearSpeech(v.Reply)
	case v.Reason == policy.ErrMalformed && e.Phase == PhaseGreeting:
		return e.hintWrongProtocol(v.Reply)
	case v.Reason == policy.ErrRemembered:
		return "This server had TLS before and offers none here: somebody between here and it may be removing the offer, so do not trust this network; if whoever runs the server says that it has given up TLS, let this program forget the server."
	case v.Reason == policy.ErrMemory:
		return "The server offers no TLS here, and the store that would know whether it had it before cannot be read: repair the store, or try another network."
	case v.Reason == policy.ErrVersionLowered:
		return "The server's TLS is older than it was before: somebody may be standing in for it; ask whoever runs the server."
	case v.Reason == policy.ErrAuthLowered:
		return "The server used to check the password without being shown it, and now wants to see it: somebody may be standing in for it; ask whoever runs the server."
	case v.Reason == policy.ErrPinMismatch:
		return "The server's key is not the one that was accepted when the account was set up: ask whoever runs the server, by another way than this connection, whether the key was changed."
	case v.Reason == policy.ErrNotOffered:
		return fmt.Sprintf("The server, or something between here and it, does not offer TLS on this port: try %s; if it offered TLS before, somebody may be removing the offer.", e.with(policy.ImplicitTLS))
	case v.Reason == policy.ErrRefused && v.Temporary():
		return "The server refuses for the moment: try again later."
	case v.Reason == policy.ErrRefused && e.Phase == PhaseGreeting:
		return "The server turns this client away in its greeting: its words say why."
	case v.Reason == policy.ErrRefused && e.Phase == PhaseSTARTTLS:
		return fmt.Sprintf("The server offers TLS and then refuses it: its TLS set-up may be broken; %s may work.", e.with(policy.ImplicitTLS))
	case v.Reason == policy.ErrInjected:
		return "Somebody between here and the server adds replies to the connection, or the server is broken: do not trust this network."
	case v.Reason == policy.ErrPreauth:
		return "The server, or somebody in between, says that no login is needed, which would keep TLS off: do not trust this network."
	case v.Reason == policy.ErrCleartextAuth:
		return fmt.Sprintf("Without TLS the password would be readable on the way: use %s.", e.with(policy.ImplicitTLS))
	case v.Reason == policy.ErrUnverifiedAuth:
		return "The server's certificate was not checked, so anybody could be at the other end: switch verification on, and let this program trust the server's own CA if it has one."
	}
	return ""
}

// with returns the endpoint's URL under another policy, on its default port.
func (e *Error) with(p policy.Policy) string {
	other := e.Endpoint
	other.Policy = p
	other.Port = other.Protocol.DefaultPort(p)
	return other.String()
}

// here is with, on the port that was dialled if it is no default one.
func (e *Error) here(p policy.Policy) string {
	other := e.Endpoint
	if usual := other.Protocol.DefaultPort(other.Policy); other.Port == 0 || other.Port == usual {
		return e.with(p)
	}
	other.Policy = p
	return other.String()
}

// spoken names the protocol that a server's first words belong to.
func spoken(words string) string {
	upper := strings.ToUpper(words)
	switch {
	case strings.HasPrefix(upper, "* OK"), strings.HasPrefix(upper, "* PREAUTH"), strings.HasPrefix(upper, "* BYE"):
		return "IMAP"
	case strings.HasPrefix(upper, "+OK"), strings.HasPrefix(upper, "-ERR"):
		return "POP3"
	case strings.HasPrefix(upper, "220"), strings.HasPrefix(upper, "421"), strings.HasPrefix(upper, "554"):
		return "SMTP"
	case strings.HasPrefix(upper, "HTTP/"):
		return "HTTP"
	case strings.HasPrefix(upper, "SSH-"):
		return "SSH"
	}
	return ""
}

// hintClearSpeech explains clear text on a TLS port.
func (e *Error) hintClearSpeech(words string) string {
	p := spoken(words)
	switch {
	case p == "":
		return fmt.Sprintf("What listens on %s does not speak TLS.", e.Endpoint.Address())
	case !e.speaks(p):
		return fmt.Sprintf("%s speaks clear-text %s, and not TLS for %s: check port and protocol.", e.Endpoint.Address(), p, e.protocol())
	}
	other := e.Endpoint
	other.Policy = policy.RequiredSTARTTLS
	s := fmt.Sprintf("%s speaks clear-text %s: use %s (STARTTLS)", e.Endpoint.Address(), p, other)
	if usual := e.Endpoint.Protocol.DefaultPort(policy.ImplicitTLS); e.Endpoint.Port != 0 && e.Endpoint.Port != usual {
		s += fmt.Sprintf(", or the TLS port %d", usual)
	}
	return s + "."
}

func (e *Error) hintWrongProtocol(words string) string {
	if p := spoken(words); p != "" && !e.speaks(p) {
		return fmt.Sprintf("%s speaks %s, not %s: check port and protocol.", e.Endpoint.Address(), p, e.protocol())
	}
	return ""
}

// speaks reports whether the endpoint's protocol is the named one.
func (e *Error) speaks(name string) bool {
	return name == e.protocol()
}

// protocol names what the endpoint's server should speak.
func (e *Error) protocol() string {
	switch e.Endpoint.Protocol {
	case policy.IMAP:
		return "IMAP"
	case policy.POP3:
		return "POP3"
	}
	return "SMTP"
}

func hintByNetwork(e *Error) string {
	var dns *net.DNSError
	switch {
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("There is no host named %s: check the spelling.", e.Endpoint.Host)
	case errors.As(e.Err, &dns):
		return "The name server does not answer: is the network up?"
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return fmt.Sprintf("Nothing listens on %s (connection refused): check host and port; the usual one is %d.",
			e.Endpoint.Address(), e.Endpoint.Protocol.DefaultPort(e.Endpoint.Policy))
	case errors.Is(e.Err, syscall.EHOSTUNREACH), errors.Is(e.Err, syscall.ENETUNREACH):
		return fmt.Sprintf("There is no route to %s: is the network up?", e.Endpoint.Host)
	}
	return ""
}

func hintByTimeout(e *Error) string {
	if !e.Timeout() || errors.Is(e.Err, context.Canceled) {
		return ""
	}
	server := e.Endpoint.Address()
	switch e.Phase {
	case PhaseConnect:
		return fmt.Sprintf("No answer from %s: a firewall may block the port, or the host is down.", server)
	case PhaseGreeting:
		if e.Endpoint.Policy != policy.ImplicitTLS {
			return fmt.Sprintf("%s accepts connections but says nothing: it may expect TLS from the first byte; try %s.", server, e.here(policy.ImplicitTLS))
		}
	case PhaseHandshake:
		return fmt.Sprintf("%s does not answer the TLS handshake: this may not be a TLS port, or something on the way blocks TLS.", server)
	}
	return fmt.Sprintf("%s did not answer in the time that was allowed (phase %s): try again later.", server, e.Phase)
}

func hintByClose(e *Error) string {
	var closed *wire.Closed
	reset := errors.Is(e.Err, syscall.ECONNRESET)
	if !errors.As(e.Err, &closed) && !reset {
		return ""
	}
	switch {
	case e.Phase == PhaseHandshake:
		return "The server hung up in the TLS handshake: if that lasts, it may only know TLS older than 1.2, or something in between blocks TLS."
	case closed != nil && wire.AsksForCertificate(closed.Reply):
		return "The server wants a client certificate, or does not accept the one it got: set one up in this program."
	case closed != nil && closed.Reply != "":
		return "The server ended the connection itself: its words say why; try again later."
	case e.Phase == PhaseGreeting:
		return "The server hung up without a word: it may be overloaded, or refuse this client's address."
	}
	return ""
}
