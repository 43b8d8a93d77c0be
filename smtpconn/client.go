package smtpconn

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
)

// inner keeps the wrapped client out of reach: an embedded field that nobody
// outside can name.
type inner = smtp.Client

// Client is an SMTP session: an smtp.Client whose commands (Mail, Rcpt, Noop,
// Verify, Extension and the others) are promoted, over a connection that kept
// its policy. Auth and Hello are not: both are settled in
// [Dial] and [New].
//
// Like the client it wraps, it must be used by one goroutine at a time, except
// for [Client.Abort], [Client.Err] and [Client.Security].
//
// To send mail use [Client.Send] and [Client.Stream]; the promoted commands wait
// for each reply, and tell less of what became of a message.
//
// End a session with [Client.Quit]; Close only closes, with TLS's farewell.
// There is no context for a single command; this is the idiom:
//
//	defer context.AfterFunc(ctx, func() { client.Abort() })()
//
// TCP keep-alive is on unless the Dialer's NetDialer turned it off.
type Client struct {
	*inner
	line *handover
	conn *dial.Conn
	caps []string
	opts *Options

	sending  atomic.Bool
	exchange *exchange // made by the first Send
}

// Dial connects to e, says EHLO and authenticates. ctx and the Dialer's
// Timeout bound all of it; neither has an effect on the session afterwards.
// Every error is a [*dial.Error].
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

// Capabilities returns what the server answered to EHLO, an extension a string
// ("SIZE 1000"), with the keyword in upper case.
func (c *Client) Capabilities() []string { return slices.Clone(c.caps) }

// Limits returns what the server lists in LIMITS.
func (c *Client) Limits() Limits { return newLimits(c.caps) }

// Check returns an error if, since the session's first command, the server has
// hung up or has spoken outside its replies: the session is over then. It sends
// nothing and does not wait, and is for sessions that were idle. Send, Stream and
// the commands look, too.
func (c *Client) Check() error { return c.line.unasked() }

// Err returns the first I/O error of the connection, nil if there was none
// before the session was closed from this side.
func (c *Client) Err() error { return c.line.Err() }

// Abort closes the connection at once; a pending command fails. It may be
// called at any time and from any goroutine.
func (c *Client) Abort() error { return c.line.Abort() }

// Reset ends the current transaction with RSET. The session goes on as EHLO
// left it: no second EHLO is sent.
func (c *Client) Reset() error {
	if err := c.inner.Reset(); err != nil {
		return err
	}
	c.line.arm()
	return nil
}

// Quit ends the session with QUIT, waits for the reply, and closes the
// connection whatever it was.
func (c *Client) Quit() error {
	err := c.inner.Quit()
	if err != nil {
		c.inner.Close()
	}
	return err
}

// TLSConnectionState returns the state of TLS, as Security does.
func (c *Client) TLSConnectionState() (state tls.ConnectionState, ok bool) {
	if s := c.conn.Security(); s.TLS != nil {
		return *s.TLS, true
	}
	return tls.ConnectionState{}, false
}

// InsecureClient returns the wrapped client. Its Auth sends credentials over
// whatever connection this is, and keeps none of this package's promises.
func (c *Client) InsecureClient() *smtp.Client { return c.inner }

var (
	errAuthSettled  = errors.New("smtpconn: authentication happens in Dial or New, through Options.Auth")
	errHelloSettled = errors.New("smtpconn: EHLO was said in Dial or New; its name is Dialer.LocalName")
)

// Auth returns an error: set Options.Auth.
func (c *Client) Auth(sasl.Client) error { return errAuthSettled }

// Hello returns an error: set Dialer.LocalName.
func (c *Client) Hello(localName string) error { return errHelloSettled }
