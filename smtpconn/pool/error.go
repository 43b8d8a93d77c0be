package pool

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
)

// ErrClosed is in the chain when a message was not sent because the Pool was
// closed.
var ErrClosed = errors.New("pool: closed")

// DownError is in the chain when a message was not sent because there is no
// connection to the relay: it cannot be reached, wants another password, has
// the wrong certificate, or ends each connection before it has taken a message. It
// says nothing about the message.
type DownError struct {
	Since time.Time // of the first failure
	Next  time.Time // no dial before that
	Err   error     // the last failure: a [*dial.Error], or what ended a connection that had taken no message
}

// Error says since when, in UTC, and gives the last failure.
func (e *DownError) Error() string {
	return wire.Printable(fmt.Sprintf("pool: no usable connection to the relay since %s: %v", e.Since.UTC().Format("2006-01-02 15:04:05 UTC"), e.Err))
}

// Unwrap returns the last failure.
func (e *DownError) Unwrap() error { return e.Err }

// Hint returns one to three sentences for a person about what keeps the pool from the
// relay, and what to do. It is never empty, printable, and at most 512 bytes long.
func (e *DownError) Hint() string {
	var refused *refusedError
	var failed *dial.Error
	switch {
	case errors.As(e.Err, &refused):
		return "The relay refuses what is sent to it, and hangs up: its words are in the error. If that lasts, ask its operator."
	case errors.As(e.Err, &failed):
		return failed.Hint()
	}
	return "The relay ends its connections before it has answered for a message: its words, if it said any, are in the error. If that lasts, ask its operator."
}

// Temporary reports whether time may mend it, so that waiting until Next is
// enough. If not, as for a certificate, a policy or a password, a person has to
// do something, and messages are to be held, not given up, until then.
func (e *DownError) Temporary() bool { return temporary(e.Err) }

func temporary(err error) bool {
	var failed *dial.Error
	return !errors.As(err, &failed) || failed.Phase == dial.PhaseSession || failed.Temporary()
}

// cause returns what ended a connection, without the message on which it was
// noticed: the failure is that of others, too.
func cause(err error) error {
	var failed *smtpconn.SendError
	if !errors.As(err, &failed) {
		return err
	}
	said := cmp.Or(failed.Reply, refusalOfConn(failed))
	switch {
	case failed.Err == nil && said != nil:
		return said
	case said != nil:
		return &farewellError{failed.Err, said}
	case failed.Err != nil:
		return failed.Err
	}
	return err
}

// farewellError is the end of a connection that the server announced. The text
// has the server's words already.
type farewellError struct {
	error
	said *smtp.SMTPError
}

func (e *farewellError) Unwrap() []error { return []error{e.error, e.said} }

// refusedError is the end of a connection that had refused messages, and taken none.
type refusedError struct {
	error
	said *smtp.SMTPError // to the last of them
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("a message was refused (%d %s), and the connection ended: %v", e.said.Code, e.said.Message, e.error)
}

func (e *refusedError) Unwrap() []error { return []error{e.error, e.said} }

// cause is that of the connection's end.
func (c *conn) cause() error {
	if c.said != nil {
		return &refusedError{cause(c.dead), c.said}
	}
	return cause(c.dead)
}
