package pop3conn

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/wire"
)

var errNoContext = errors.New("pop3conn: nil context")

// ErrBusy is returned by every method that sends a command, except Quit, inside a
// loop over messages: replies to the loop's commands may be on their way. Nothing is
// sent, and the session goes on.
var ErrBusy = errors.New("pop3conn: inside a loop over messages no other command can be sent")

// begin begins a call, at the end of the reply before. From here on the session ends
// with ctx, until the call is done.
func (c *Client) begin(ctx context.Context) error {
	switch {
	case ctx == nil:
		return errNoContext
	case c.batch != nil:
		return ErrBusy
	case c.over.Err() != nil:
		return c.Err()
	case ctx.Err() != nil:
		return fmt.Errorf("pop3conn: %w", wire.ContextError(ctx))
	}
	c.done() // with a message that was left
	left := c.message
	c.ctx, c.message = ctx, nil
	if ctx.Done() != nil {
		c.unwatch = context.AfterFunc(ctx, func() {
			c.over.Set(c.conn, wire.ContextError(ctx))
			c.guard.Abort()
		})
	}
	if left != nil {
		_, err := left.skip(errOvertaken, maxSkip)
		return err
	}
	return nil
}

// command sends a command whose reply is a status line, and returns the text of a
// +OK.
func (c *Client) command(ctx context.Context, verb string, args ...int) (text string, err error) {
	if err := c.begin(ctx); err != nil {
		return "", err
	}
	defer c.done()
	return c.exchange(verb, args...)
}

// exchange is command within a call.
func (c *Client) exchange(verb string, args ...int) (text string, err error) {
	if err := c.send(appendCommand(c.sent[:0], verb, args...)); err != nil {
		return "", err
	}
	return c.status()
}

func appendCommand(b []byte, verb string, args ...int) []byte {
	b = append(b, verb...)
	for _, a := range args {
		b = strconv.AppendInt(append(b, ' '), int64(a), 10)
	}
	return append(b, "\r\n"...)
}

// send sends a command, with its CRLF, unless the server has spoken out of turn.
func (c *Client) send(command []byte) error {
	c.sent = command
	err := c.lines.Quiet()
	if err == nil {
		_, err = c.link.Write(command)
		err = wire.Ended(err)
	}
	if err != nil {
		return c.fail(err)
	}
	return nil
}

// reply reads the status line of the command sent last.
func (c *Client) reply() (pop3.Reply, error) {
	c.link.expect()
	c.lines.Renew(wire.Greeting())
	r, err := c.lines.Read()
	if err != nil {
		return r, c.fail(err)
	}
	return r, nil
}

// status reads the status line of the command sent last. It returns the text of a
// +OK, and an [*Error] for a -ERR.
func (c *Client) status() (text string, err error) {
	r, err := c.reply()
	if err == nil && !r.OK {
		err = c.refused(r)
	}
	return r.Text, err
}

// refused makes an Error of a reply to the command sent last.
func (c *Client) refused(r pop3.Reply) *Error {
	e := &Error{Code: r.CodeUnder(c.capabilities), Command: c.lastCommand()}
	text := r.Text
	if e.Code != "" {
		_, text, _ = strings.Cut(text, "]")
		e.Code = wire.Printable(e.Code)
	}
	e.Text = wire.Printable(strings.TrimLeft(text, " "))
	return e
}
