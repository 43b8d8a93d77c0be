package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Phase is a step on the way to a session, or the session.
type Phase string

// The phases, in the order in which they come.
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

// Error is a connection that did not come about, or a session that ended: where
// it stopped, and why. Every failure of Dial, NewConn and a session's New is one.
//
// The chain under Err holds what stopped it: a [*policy.Violation] if a rule
// was broken, a [*tls.CertificateVerificationError] for a certificate, the
// context's error if the context ended, the error of the network otherwise.
type Error struct {
	Phase    Phase    // where it stopped
	Endpoint Endpoint // as it was dialed
	Err      error    // why
	// Known is what the Dialer's Peers hold of the server: nil if that is
	// nothing, or if the connection ended before it was asked.
	Known *peers.Known
}

// Error returns the endpoint, the phase and the cause on one line. It is
// printable and at most 512 bytes long, whatever the server said.
func (e *Error) Error() string {
	scheme := e.Endpoint.Protocol.String()
	if e.Endpoint.Policy == policy.ImplicitTLS {
		scheme += "s"
	}
	return wire.Printable(fmt.Sprintf("dial: %s %s %v: %s: %v", scheme, e.Endpoint.Address(), e.Endpoint.Policy, e.Phase, e.Err))
}

// Unwrap returns what stopped the connection, and the [*Farewell] of a server that
// ended it.
func (e *Error) Unwrap() []error {
	chain := []error{}
	if e.Err != nil {
		chain = append(chain, e.Err)
	}
	if f := farewell(e.Err); f != nil {
		chain = append(chain, f)
	}
	return chain
}

// Timeout reports whether the time ran out: the context's, the Dialer's or the
// network's. It is false for a broken rule, whatever caused it.
func (e *Error) Timeout() bool {
	var broken *policy.Violation
	if errors.As(e.Err, &broken) {
		return false
	}
	if errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, os.ErrDeadlineExceeded) {
		return true
	}
	var t interface{ Timeout() bool }
	return errors.As(e.Err, &t) && t.Timeout()
}

// Temporary reports whether the same call may well succeed later: the time ran
// out, the server hung up or said to try later, the network was not there. It
// is false for broken rules, for certificates and for wrong arguments, which
// stay wrong, and for a context that was cancelled. A server that always hangs
// up in the handshake, because it is too old, looks temporary: bound retries.
func (e *Error) Temporary() bool {
	if e.Phase == PhaseConfig || errors.Is(e.Err, context.Canceled) {
		return false
	}
	if e.Timeout() {
		return true
	}
	return temporary(e.Err)
}

func temporary(err error) bool {
	var broken *policy.Violation
	if errors.As(err, &broken) {
		return broken.Temporary()
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return !dns.IsNotFound
	}
	if _, ok := wire.RemoteAlert(err); ok {
		return false
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op != "local error" // crypto/tls's word for its own refusals
	}
	var own interface{ Temporary() bool } // *auth.Error, *wire.Closed
	return errors.As(err, &own) && own.Temporary()
}
