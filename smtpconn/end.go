package smtpconn

import (
	"context"
	"errors"
	"io"
	"syscall"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/session"
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
	return c.line.over.Err()
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
	c.line.over.Set(c.conn, session.Aborted)
	return c.line.Abort()
}

// Quit ends the session: it sends QUIT, waits for the reply, and for a second at most
// for the server to close the connection, and closes it whatever the reply is.
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
	c.line.closing = session.Quit
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

// fail ends the session for an error of the connection or the server.
func (h *handover) fail(err error) *dial.Error {
	over := h.over.Set(h.conn, err)
	h.Abort()
	return over
}
