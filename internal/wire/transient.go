package wire

import (
	"context"
	"errors"
	"net"
	"os"

	"github.com/mailconn/mailconn/policy"
)

// TimedOut reports whether err is that the time of a context or of the network ran out.
// It is false if the chain has a [*policy.Violation].
func TimedOut(err error) bool {
	var broken *policy.Violation
	if errors.As(err, &broken) {
		return false
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// Transient reports whether the call that failed with err may succeed later, for an err
// that is not [TimedOut].
func Transient(err error) bool {
	var broken *policy.Violation
	if errors.As(err, &broken) {
		return broken.Temporary()
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return !dns.IsNotFound
	}
	if _, ok := RemoteAlert(err); ok {
		return false
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op != "local error" // crypto/tls's word for its own refusals
	}
	var own interface{ Temporary() bool } // *auth.Error, *Closed
	return errors.As(err, &own) && own.Temporary()
}
