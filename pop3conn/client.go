package pop3conn

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
)

// Client is a POP3 session over a connection that kept its policy. Who logs in
// is settled in [Dial] and [New].
//
// It must be used by one goroutine at a time, the readers of its messages
// included, except for [Client.Abort], [Client.Err] and [Client.Security].
//
// End a session with [Client.Quit], which commits deletions; [Client.Close]
// only closes, with TLS's farewell, and deletes nothing. There is no context
// for a single command; this is the idiom:
//
//	defer context.AfterFunc(ctx, func() { client.Abort() })()
//
// TCP keep-alive is on unless the Dialer's NetDialer turned it off. It does not
// hold off the server's own timer, which may end a session after ten minutes
// without a command (RFC 1939 §3): [Client.Noop] does.
type Client struct {
	conn  *dial.Conn
	guard *wire.Guard
	in    *reader

	caps  []string // nil if not known
	fresh bool     // caps are of the state that the session is in

	lockstep bool  // one command at a time, whatever the server lists
	room     int64 // how long a message may be
	utf8     bool

	command []byte       // the one sent last, or the one whose reply is due
	body    *body        // the message that is being read, nil if none
	flight  *flight      // the series of commands under way, nil if none
	deleted map[int]bool // what DELE has marked (RFC 1939 §5)
	ended   error        // what every command returns once the session is over
	quit    bool         // and the server took QUIT
}

// Dial connects to e and authenticates. ctx and the Dialer's Timeout bound all
// of it; neither has an effect on the session afterwards. Every error is a
// [*dial.Error].
func Dial(ctx context.Context, e dial.Endpoint, o *Options) (*Client, error) {
	return o.start().Dial(ctx, e)
}

// New begins a session on conn, which must be as the Dialer made it: nothing
// read from it, nothing written to it. New owns conn: it closes it on error.
// Every error is a [*dial.Error].
func New(ctx context.Context, conn *dial.Conn, o *Options) (*Client, error) {
	return o.start().New(ctx, conn)
}

// Security returns what was achieved on the connection.
func (c *Client) Security() dial.Security { return c.conn.Security() }

// Err returns the first I/O error of the connection, nil if there was none
// before the session was closed from this side.
func (c *Client) Err() error { return c.guard.Err() }

// Abort closes the connection at once; a pending command or read fails, and
// nothing is deleted unless a Quit was under way. It may be called at any time
// and from any goroutine.
func (c *Client) Abort() error { return c.guard.Abort() }

// Close closes the connection, over TLS with a close_notify. Nothing is
// deleted. On a session that has ended it does nothing.
func (c *Client) Close() error {
	if c.ended != nil {
		return nil
	}
	c.end(errClosed)
	return c.guard.Close()
}

// ErrNotConfirmed is the reason of Quit's errors: messages marked as deleted
// may still be there.
var ErrNotConfirmed = errors.New("pop3conn: QUIT was not confirmed: deletions may not have happened")

// Quit ends the session with QUIT, waits for the reply, and closes the
// connection whatever it was. nil means that every message marked by Dele is
// gone. Every other outcome but that of a second Quit is an error that holds
// [ErrNotConfirmed] and its cause: a [*Error] if the server could not remove
// some of them (RFC 1939 §6), that of the connection if it was lost, when
// nobody can tell.
func (c *Client) Quit() error {
	if c.quit {
		return errClosed
	}
	_, err := c.ask("QUIT")
	if err == nil {
		c.quit = true
		c.end(errClosed)
		c.guard.Close() // the server has confirmed: whether our farewell arrives does not matter
		return nil
	}
	c.Close()
	return fmt.Errorf("%w: %w", ErrNotConfirmed, err)
}

var errClosed = fmt.Errorf("pop3conn: session has ended: %w", net.ErrClosed)
