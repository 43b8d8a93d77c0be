package pop3conn

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/wire"
)

// Err returns why the session has ended, and nil while it goes on: a [*dial.Error]
// with phase [dial.PhaseSession]. Its chain has a [*dial.Farewell] if the server
// closed the connection, a [*policy.Violation] if the server broke a rule, the
// context's error if that of a call ended, [os.ErrDeadlineExceeded] if a reply took
// too long, the network's error, or [net.ErrClosed] if Quit, Close or Abort ended the
// session. Every call from then on returns the same error.
func (c *Client) Err() error {
	return c.over.Err()
}

// Abort closes the connection at once. A call that waits returns. Nothing is deleted,
// unless that call was Quit. Abort may be called at any time and from any goroutine.
func (c *Client) Abort() error {
	c.over.Set(c.conn, session.Aborted)
	return c.guard.Abort()
}

// Close closes the connection, over TLS with a close_notify, and does not wait for
// the server. Nothing is deleted. On a session that has ended it does nothing.
func (c *Client) Close() error {
	if c.over.Err() != nil {
		return nil
	}
	c.over.Set(c.conn, session.Closed)
	return c.guard.Close()
}

// fail ends the session for an error of the command sent last, since the meaning of the
// next byte is not known any more. It returns why the session has ended, which may be
// an earlier reason.
func (c *Client) fail(err error) error {
	if first := c.guard.Err(); errors.Is(first, os.ErrDeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
		err = first // a connection without deadlines is closed by its guard
	}
	if c.batch != nil {
		err = c.batch.explain(err)
	}
	over := c.over.Set(c.conn, fmt.Errorf("%s: %w", c.lastCommand(), err))
	c.guard.Abort()
	return over
}

func (c *Client) lastCommand() string { return strings.TrimSuffix(string(c.sent), "\r\n") }

// ErrPipelining is in the chain of an error that ends the session while commands were
// sent ahead of replies. The network may be at fault, or a server that lists
// PIPELINING and cannot do it.
var ErrPipelining = line.ErrPipelining

// explain adds [ErrPipelining] to the cause of a session's end if commands were sent
// ahead.
func (b *batch) explain(err error) error {
	if b.sender == nil || b.sent == b.answered && b.answered < 2 {
		return err
	}
	return fmt.Errorf("%w: %w", ErrPipelining, err)
}

// done ends a call, after its last reply. If the context has ended by now, the session is
// over.
func (c *Client) done() {
	if c.unwatch != nil && !c.unwatch() {
		c.over.Set(c.conn, wire.ContextError(c.ctx))
	}
	c.unwatch = nil
}
