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

// DownError is in the chain when a message was not sent because there is no
// connection to the relay: it cannot be reached, is not trusted, does not accept
// the password, or drops each connection. Nothing is wrong with the message: keep
// it, tell somebody, and send it when the relay is back, not before Next.
type DownError struct {
	Since time.Time // of the first failure
	Next  time.Time // no dial before that
	Err   error     // the last failure: a [*dial.Error], or what ended a connection that had answered for no message
}

// Error says since when, and gives the last failure.
func (e *DownError) Error() string {
	return fmt.Sprintf("pool: no connection to the relay since %s: %v", e.Since.UTC().Format("2006-01-02 15:04:05 MST"), e.Err)
}

// Unwrap returns the last failure.
func (e *DownError) Unwrap() error { return e.Err }

// Temporary reports whether time alone may mend it. If not, somebody has to: a
// certificate, a policy or a password is wrong.
func (e *DownError) Temporary() bool { return temporary(e.Err) }

func temporary(err error) bool {
	var failed *dial.Error
	return !errors.As(err, &failed) || failed.Temporary()
}

// causeOf returns what ended a connection, without the words about the message
// that was on it: others will be told of it.
func causeOf(err error) error {
	var failed *smtpconn.SendError
	switch {
	case !errors.As(err, &failed):
	case failed.Err != nil:
		return failed.Err
	case failed.Reply != nil:
		return failed.Reply
	}
	return err
}

func notSent(err error) error {
	return &smtpconn.SendError{Outcome: smtpconn.NotSent, Err: err}
}
