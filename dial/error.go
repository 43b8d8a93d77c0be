package dial

import (
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/endpoint"
	"github.com/mailconn/mailconn/internal/hint"
	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Phase is a step of a connection.
type Phase string

// The phases, in their order.
const (
	PhaseConfig     Phase = "config"  // the arguments; before any I/O
	PhaseConnect    Phase = "connect" // DNS, TCP, proxy
	PhaseGreeting   Phase = upgrade.PhaseGreeting
	PhaseCapability Phase = upgrade.PhaseCapability
	PhaseSTARTTLS   Phase = upgrade.PhaseSTARTTLS
	PhaseHandshake  Phase = upgrade.PhaseHandshake
	PhaseAuth       Phase = "auth"    // in a session's New
	PhaseSession    Phase = "session" // after New: how a session ended
)

// Error is the error for a connection that failed or a session that ended: in which
// phase, and why. Every error of [Dialer.Dial], [Dialer.NewConn], [Conn.Setup], and of
// Dial and New of a session, is a *Error.
//
// The chain of Err has a [*policy.Violation] if a rule was broken, a
// [*tls.CertificateVerificationError] if the certificate did not verify, the error of
// the context if it ended, and otherwise the error of the network.
type Error struct {
	Phase    Phase    // where it stopped
	Endpoint Endpoint // as it was dialed
	Err      error    // why
	// Known is what the Dialer's Peers have of the server. It is nil if they have
	// nothing, or were not asked yet.
	Known *peers.Known
}

// Error returns the endpoint, the phase and the cause. The text is one line, printable
// and at most 512 bytes long.
func (e *Error) Error() string {
	scheme := e.Endpoint.Protocol.String()
	if e.Endpoint.Policy == policy.ImplicitTLS {
		scheme += "s"
	}
	return wire.Printable(fmt.Sprintf("dial: %s %s %v: %s: %v", scheme, e.Endpoint.Address(), e.Endpoint.Policy, e.Phase, e.Err))
}

// Unwrap returns Err, and the [*Farewell] of a server that closed the connection.
func (e *Error) Unwrap() []error {
	chain := []error{}
	if e.Err != nil {
		chain = append(chain, e.Err)
	}
	var closed *wire.Closed
	if errors.As(e.Err, &closed) {
		chain = append(chain, &Farewell{Reply: closed.Reply})
	}
	return chain
}

// Timeout reports whether the time of the context, the Dialer or the network ran out.
// It is false if the chain has a [*policy.Violation].
func (e *Error) Timeout() bool { return wire.TimedOut(e.Err) }

// Temporary reports whether the same call may succeed later: the time ran out, the
// server closed the connection or asked to try later, or the network failed. It is
// false for other broken rules, certificates, wrong arguments, a cancelled context, and a
// connection that this program closed itself.
// It is true for a server that closes every connection, as one does that is too old
// for the handshake. So limit the number of retries.
func (e *Error) Temporary() bool {
	if e.Phase == PhaseConfig || wire.OwnEnd(e.Err) {
		return false
	}
	return e.Timeout() || wire.Transient(e.Err)
}

// Hint returns one to three sentences for a person about what may be wrong and what
// to do. It is empty only if Err is nil, printable, and at most 512 bytes long. It
// never suggests going without TLS.
func (e *Error) Hint() string {
	return hint.For(&hint.Failure{
		Endpoint: endpoint.Endpoint(e.Endpoint).At(e.Endpoint.Policy, e.Endpoint.Port),
		Phase:    string(e.Phase),
		Server:   e.Endpoint.Address(),
		Err:      e.Err,
		TimedOut: e.Timeout(),
		Known:    e.Known,
	})
}

// Farewell means that the server ended a connection or a session, with a reply (IMAP
// BYE, SMTP 421) or without one. errors.As finds a *Farewell in the chain of every
// [*Error] with that cause.
type Farewell struct {
	// Reply is the last reply, made printable and at most 512 bytes long. It is empty
	// if there was none.
	Reply string
}

// Error returns a text with the server's reply, printable and at most 512 bytes long.
func (f *Farewell) Error() string { return wire.Printable((&wire.Closed{Reply: f.Reply}).Error()) }
