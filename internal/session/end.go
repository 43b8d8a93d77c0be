package session

import (
	"errors"
	"net"
	"sync/atomic"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// Closing is the error of a session that this program has ended.
type Closing string

// Error returns how the session was ended.
func (c Closing) Error() string { return string(c) }

// Unwrap returns [net.ErrClosed].
func (c Closing) Unwrap() error { return net.ErrClosed }

const (
	Quit    Closing = "session was ended with QUIT"
	Logout  Closing = "session was ended with LOGOUT"
	Closed  Closing = "session was closed by this program"
	Aborted Closing = "session was aborted by this program"
)

// End is the reason why a session has ended, the first one that was set. Its methods may
// be called by several goroutines at once.
type End struct {
	reason atomic.Pointer[dial.Error]
}

// Err returns why the session has ended, and nil while it goes on.
func (e *End) Err() error {
	if over := e.reason.Load(); over != nil {
		return over
	}
	return nil
}

// Set makes err the reason why the session on conn has ended, unless there is one already,
// and returns the reason.
func (e *End) Set(conn *dial.Conn, err error) *dial.Error {
	over, _ := e.SetFirst(conn, err)
	return over
}

// SetFirst is Set, and also reports whether there was no reason before.
func (e *End) SetFirst(conn *dial.Conn, err error) (over *dial.Error, first bool) {
	if over := e.reason.Load(); over != nil {
		return over, false
	}
	over = &dial.Error{Phase: dial.PhaseSession, Endpoint: conn.Endpoint(), Err: err}
	if !errors.Is(err, net.ErrClosed) {
		var broken *policy.Violation
		if errors.As(err, &broken) && broken.Policy == 0 {
			broken.Policy, broken.Protocol = over.Endpoint.Policy, over.Endpoint.Protocol
		}
		over.Known = conn.Security().Known
	}
	first = e.reason.CompareAndSwap(nil, over)
	return e.reason.Load(), first
}
