package smtpconn

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Err returns why the session has ended, and nil while it stands: a [*dial.Error]
// with phase [dial.PhaseSession]. Its chain holds a [*dial.Farewell] if the server
// closed the connection, a [*policy.Violation] if the server broke a rule, the
// context's error if that of a call ended, [os.ErrDeadlineExceeded] if a reply took
// too long, the network's error, or [net.ErrClosed] if Quit, Close or Abort ended
// the session. Errors of calls that the end has interrupted hold the same error.
func (c *Client) Err() error {
	if over := c.line.over.Load(); over != nil {
		return over
	}
	return nil
}

// Check returns an error if the session is over: also if the server has hung up, or
// has said what answers no command, since the last call. It sends nothing and does
// not wait. Send, SendEach and the promoted commands check as well.
func (c *Client) Check() error {
	if err := c.Err(); err != nil {
		return err
	}
	if err := smtpline.Unsolicited(c.line.In); err != nil {
		return c.line.fail(err)
	}
	return nil
}

// Abort closes the connection at once; a pending command fails. It may be called
// at any time and from any goroutine.
func (c *Client) Abort() error {
	c.line.end(errAborted)
	return c.line.Abort()
}

// Quit ends the session: it sends QUIT, waits for the reply, and closes the
// connection whatever the reply is.
//
// An error says nothing about messages that were sent. It is that of ctx, of a
// server that does not answer within Options.ReplyTimeout, or of a session that was
// not fit for QUIT: busy, closed from this side, in the middle of a message, or
// with a reply too many. A server that hangs up, or that answers anything else than
// 221, is no error: the session has ended either way.
func (c *Client) Quit(ctx context.Context) error {
	if ctx == nil {
		return errNilContext
	}
	if !c.acquire() {
		return ErrBusy
	}
	defer c.release()
	defer c.Abort()
	defer context.AfterFunc(ctx, func() { c.line.Abort() })()
	c.line.closing = errQuit
	err := c.inner.Quit()
	if ctx.Err() != nil {
		return wire.ContextError(ctx)
	}
	var said *smtp.SMTPError
	rubbish := errors.Is(err, policy.ErrMalformed) || errors.Is(err, policy.ErrLimit)
	if errors.As(err, &said) || rubbish || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return err
}

// closing is the error of a session that was ended from this side.
type closing string

func (e closing) Error() string { return string(e) }
func (e closing) Unwrap() error { return net.ErrClosed }

const (
	errQuit    closing = "session was ended with QUIT"
	errClosed  closing = "session was closed by this program"
	errAborted closing = "session was aborted by this program"
)

// end makes err the reason why the session has ended, unless there is one, and
// returns the reason. Any goroutine may call it.
func (h *handover) end(err error) *dial.Error {
	if over := h.over.Load(); over != nil {
		return over
	}
	s := h.conn.Security()
	var broken *policy.Violation
	if errors.As(err, &broken) && broken.Policy == 0 {
		broken.Policy, broken.Protocol = s.Endpoint.Policy, s.Endpoint.Protocol
	}
	h.over.CompareAndSwap(nil, &dial.Error{Phase: dial.PhaseSession, Endpoint: s.Endpoint, Err: err, Known: s.Known})
	return h.over.Load()
}

// fail ends the session for an error of the connection or the server.
func (h *handover) fail(err error) *dial.Error {
	over := h.end(err)
	h.Abort()
	return over
}
