package pop3conn

import (
	"context"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/wire"
)

// Client is a POP3 session over a connection that is protected as its policy demands.
// The login takes place in [Dial] and [New].
//
// A Client, and the messages that it returns, must be used by one goroutine at a
// time, except for [Client.Abort], [Client.Err] and [Client.Security].
//
// End a session with [Client.Quit], which deletes the messages that are marked;
// [Client.Close] and [Client.Abort] delete nothing.
//
// The context of a method bounds the call, and the reading of the message if it
// returns one. If it ends earlier, the call or the reader returns an error with the
// context's error in its chain, and the session is over, since the reply may still be on
// its way. A context that has ended before the call, and any other argument that is
// wrong, is an error of the call alone: nothing is sent, and the session goes on.
//
// TCP keep-alive is on unless the Dialer's NetDialer turned it off. It does not keep the
// server from ending a session after ten minutes without a command (RFC 1939 §3), but
// [Client.Noop] does.
type Client struct {
	conn  *dial.Conn
	guard wire.Guard
	link  link      // over conn while the session begins, later over guard
	lines pop3.Conn // over link

	capabilities []string // empty if they are not known
	upToDate     bool     // they are of the state that the session is in

	noPipelining   bool
	maxMessageSize int64
	utf8           bool

	sent    []byte          // the command sent last, or the one whose reply is due
	message *Message        // the one that is being read; nil if none is
	batch   *batch          // the commands of a loop; nil outside of one
	deleted map[int]bool    // what DELE has marked (RFC 1939 §5)
	ctx     context.Context // of the call that goes on
	unwatch func() bool     // ends the watch over ctx; nil if there is none

	quit bool // the server took QUIT
	over session.End
}

// Dial connects to e and logs in. ctx and the Dialer's Timeout bound all of it, and
// have no effect on the session afterwards. Every error is a [*dial.Error].
func Dial(ctx context.Context, e dial.Endpoint, o *Options) (*Client, error) {
	return o.start().Dial(ctx, e)
}

// New begins a session on conn, from which nothing may have been read, and to which
// nothing may have been written, since the Dialer made it. New owns conn, and closes it
// on error. Every error is a [*dial.Error].
func New(ctx context.Context, conn *dial.Conn, o *Options) (*Client, error) {
	return o.start().New(ctx, conn)
}

// Security returns how the connection is protected, and how the session logged in.
func (c *Client) Security() dial.Security { return c.conn.Security() }

// Noop sends NOOP, which keeps the server from ending an idle session.
func (c *Client) Noop(ctx context.Context) error {
	_, err := c.command(ctx, "NOOP")
	return err
}
