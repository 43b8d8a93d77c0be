package pop3conn

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Err returns why the session has ended, and nil while it stands: a [*dial.Error]
// with phase [dial.PhaseSession]. Its chain holds a [*dial.Farewell] if the server
// closed the connection, a [*policy.Violation] if the server broke a rule, the
// context's error if that of a call ended, [os.ErrDeadlineExceeded] if a reply took
// too long, the network's error, or [net.ErrClosed] if Quit, Close or Abort ended the
// session. Every call from then on returns the same error.
func (c *Client) Err() error {
	return c.over.Err()
}

// Abort closes the connection at once; a call that waits returns, and nothing is
// deleted unless it was Quit. Abort may be called at any time and from any goroutine.
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

// ErrNotConfirmed is in the chain of Quit's errors. Messages that were marked as
// deleted may still be there.
var ErrNotConfirmed = errors.New("pop3conn: QUIT was not confirmed: deletions may not have happened")

// Quit sends QUIT, waits for the reply, and closes the connection in any case. nil
// means that every message marked by [Client.Dele] is gone. Any other outcome, except
// that of a second Quit, is an error that holds [ErrNotConfirmed] and its cause: an
// [*Error] if the server could not remove some of the messages (RFC 1939 §6), and what
// [Client.Err] returns if the session ended before the reply; whether messages were
// deleted is not known then.
//
// Behind the reply Quit waits for the server to close the connection, for at most 5
// seconds. If another reply comes, the one before was to another command, and Quit is
// not confirmed.
func (c *Client) Quit(ctx context.Context) error {
	if c.quit {
		return c.Err()
	}
	err := c.begin(ctx)
	if err == nil {
		if _, err = c.exchange("QUIT"); err == nil {
			err = c.awaitClose()
		}
		c.done()
	}
	if err != nil {
		c.Close()
		return wire.Join(ErrNotConfirmed, err)
	}
	c.quit = true
	c.over.Set(c.conn, session.Quit)
	c.guard.Close() // whether the close_notify arrives does not matter
	return nil
}

// quitTime is how long a server may take to close the connection behind QUIT.
const quitTime = 5 * time.Second

// awaitClose waits for the server to close the connection. It is no error if the
// server does not.
func (c *Client) awaitClose() error {
	c.link.by = time.Now().Add(quitTime)
	if c.lines.Fill() == nil {
		return c.fail(wire.Violation(policy.ErrInjected, c.lines.Waiting()))
	}
	return c.Err() // of the context, or Abort
}

// fail ends the session for an error of the command sent last: what the next byte
// means is not known any more. It returns why the session has ended, which may be
// another reason that came first.
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
