package pop3conn

import (
	"context"
	"errors"
	"time"

	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// ErrNotConfirmed is in the chain of every error of [Client.Quit]. Messages that were
// marked as deleted may still be there.
var ErrNotConfirmed = errors.New("pop3conn: QUIT was not confirmed: deletions may not have happened")

// Quit sends QUIT, waits for the reply, and closes the connection in any case. A nil
// error means that every message marked by [Client.Dele] is gone. Every error, except
// that of a second Quit, wraps [ErrNotConfirmed] and the cause: an [*Error] if the
// server could not remove some of the messages (RFC 1939 §6), and what [Client.Err]
// returns if the session ended before the reply. Then it is not known whether messages
// were deleted.
//
// After the reply Quit waits for the server to close the connection, for at most 5
// seconds. If another reply comes, the first one was not that to QUIT, and Quit is not
// confirmed.
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

// quitTime is how long a server may take to close the connection after QUIT.
const quitTime = 5 * time.Second

// awaitClose waits for the server to close the connection. It is no error if the
// server does not.
func (c *Client) awaitClose() error {
	c.link.limit = quitTime
	c.link.expect()
	if c.lines.Fill() == nil {
		return c.fail(wire.Violation(policy.ErrInjected, c.lines.Waiting()))
	}
	return c.Err() // of the context, or Abort
}
