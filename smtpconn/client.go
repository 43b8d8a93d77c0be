package smtpconn

import (
	"context"
	"crypto/tls"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
)

// inner keeps the wrapped client out of reach: an embedded field that other
// packages cannot name.
type inner = smtp.Client

// Client is an SMTP session over a connection that kept its policy. It is a
// go-smtp client, whose commands are promoted: the package documentation lists
// them. To send mail use [Client.Send] and [Client.SendEach].
//
// A Client must be used by one goroutine at a time, except for [Client.Abort],
// [Client.Err] and [Client.Security].
//
// A session ends with [Client.Quit]; Close closes without QUIT. The promoted
// commands take no context. This ends one with a context:
//
//	defer context.AfterFunc(ctx, func() { client.Abort() })()
//
// TCP keep-alive is on unless the Dialer's NetDialer turned it off.
type Client struct {
	*inner
	line handover
	conn *dial.Conn
	opts *Options

	mu     sync.Mutex
	busy   bool
	sender *sender     // nil if none was used of late
	idle   *time.Timer // drops it
	usage  usage       // of the server's limits
}

// Dial connects to e, says EHLO and authenticates. ctx and the Dialer's Timeout
// bound all of it; neither has an effect on the session afterwards. Every error is
// a [*dial.Error].
func Dial(ctx context.Context, e dial.Endpoint, o *Options) (*Client, error) {
	return o.start().Dial(ctx, e)
}

// New begins a session on conn, which must be as the Dialer made it: nothing read
// from it, nothing written to it. New owns conn: it closes it on error. Every error
// is a [*dial.Error].
func New(ctx context.Context, conn *dial.Conn, o *Options) (*Client, error) {
	return o.start().New(ctx, conn)
}

// Security returns what was achieved on the connection, and how the session logged
// in.
func (c *Client) Security() dial.Security { return c.conn.Security() }

// Capabilities returns what the server answered to EHLO, an extension a string
// ("SIZE 1000"), with the keyword in upper case.
func (c *Client) Capabilities() []string { return slices.Clone(c.line.caps) }

// Limits returns what the server lists in LIMITS.
func (c *Client) Limits() Limits { return Limits(transaction.LimitsOf(c.line.caps)) }

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
