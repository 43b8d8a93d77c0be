package pool

import (
	"errors"
	"fmt"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/smtpconn"
)

// ErrClosed is in the chain when a message was not sent because the Pool was
// closed.
var ErrClosed = errors.New("pool: closed")

// DownError is in the chain when a message was not sent because the relay
// cannot be reached.
type DownError struct {
	Since time.Time // of the first failure
	Next  time.Time // no dial before that
	Err   error     // the last failure: a [*dial.Error], or what ended a connection that had answered for no message
}

// Error says since when, and gives the last failure.
func (e *DownError) Error() string {
	return fmt.Sprintf("pool: relay down since %s: %v", e.Since.Format(time.TimeOnly), e.Err)
}

// Unwrap returns the last failure.
func (e *DownError) Unwrap() error { return e.Err }

// Temporary reports whether time may mend it: not a certificate, a policy or a
// password.
func (e *DownError) Temporary() bool { return temporary(e.Err) }

func temporary(err error) bool {
	var failed *dial.Error
	return !errors.As(err, &failed) || failed.Temporary()
}

func notSent(err error) error {
	return &smtpconn.SendError{Outcome: smtpconn.NotSent, Err: err}
}
