package imapconn

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
)

// inner keeps the wrapped client out of reach: an embedded field that nobody
// outside can name.
type inner = imapclient.Client

// Client is an IMAP session: an imapclient.Client whose commands (Select,
// Fetch, Store, Idle, Append, Search and all the others) are promoted, over a
// connection that kept its policy. Login and Authenticate are not: who logs in
// is settled in [Dial] and [New].
//
// Like the client it wraps, it may be used by several goroutines at once.
//
// Close ends a session, with TLS's farewell; Logout().Wait() before it ends it
// in IMAP's own way as well. Close waits for the reader, and so for a handler of
// the caller's that blocks. [Client.Abort] waits for nobody. There is no context for a
// single command; this is the idiom:
//
//	defer context.AfterFunc(ctx, func() { client.Abort() })()
//
// TCP keep-alive is on unless the Dialer's NetDialer turned it off.
type Client struct {
	*inner
	guard *wire.Guard
	conn  *dial.Conn
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

// Preauth reports whether the server said in its greeting that nobody needs to
// log in.
func (c *Client) Preauth() bool { return c.conn.Preauth() }

// Err returns the first I/O error of the connection, which the errors of
// commands do not hold; nil if there was none before the session was closed
// from this side.
func (c *Client) Err() error { return c.guard.Err() }

// Abort closes the connection at once; pending commands fail. It may be called
// at any time and from any goroutine.
func (c *Client) Abort() error { return c.guard.Abort() }

// InsecureClient returns the wrapped client. Its Login and Authenticate send
// credentials over whatever connection this is, and keep none of this
// package's promises.
func (c *Client) InsecureClient() *imapclient.Client { return c.inner }

var errSettled = errors.New("imapconn: authentication happens in Dial or New, through Options.Auth")

// Login returns an error: set Options.Auth.
func (c *Client) Login(username, password string) error { return errSettled }

// Authenticate returns an error: set Options.Auth.
func (c *Client) Authenticate(client sasl.Client) error { return errSettled }
