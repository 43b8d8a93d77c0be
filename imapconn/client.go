package imapconn

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn/internal/stream"
)

// inner hides the wrapped client: other packages cannot name the field that it
// is embedded as.
type inner = imapclient.Client

// Client is an IMAP session: an imapclient.Client over a connection that kept its
// policy. All commands of the wrapped client are promoted, as the package
// documentation lists them, except Login and Authenticate: [Dial] and [New] log in.
//
// Several goroutines may use a Client at once, as they may use an
// imapclient.Client.
//
// A single command takes no context; to bound one, abort the session:
//
//	defer context.AfterFunc(ctx, func() { client.Abort() })()
//
// TCP keep-alive is on unless the Dialer's NetDialer turned it off.
type Client struct {
	*inner
	stream *stream.Stream
	turns  turns
	conn   *dial.Conn
	caps   []string
	utf8   atomic.Bool // the names of mailboxes are sent in UTF-8
	// loggedOut is set by UNAUTHENTICATE, as of which caps may not be true any more
	// (RFC 8437 §2).
	loggedOut atomic.Bool
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

// Security returns what was achieved on the connection; its Login says how the
// session was authenticated.
func (c *Client) Security() dial.Security { return c.conn.Security() }

// Capabilities returns what the server listed when the session began, after the
// login: keywords in upper case, in the server's order. Caps returns go-imap's
// own set, which follows later changes.
func (c *Client) Capabilities() []string { return slices.Clone(c.caps) }

// lists reports whether the server lists one of some capabilities.
func (c *Client) lists(capabilities ...string) bool {
	return !c.loggedOut.Load() && slices.ContainsFunc(capabilities, func(name string) bool { return slices.Contains(c.caps, name) })
}

// Preauth reports whether the server's greeting was PREAUTH: the connection
// itself, by a client certificate for example, has authenticated the client
// (RFC 9051 §7.1.4).
func (c *Client) Preauth() bool { return c.conn.Preauth() }

// InsecureClient returns the wrapped client. Its Login and Authenticate send
// credentials whatever the connection is, and keep none of this package's
// promises.
func (c *Client) InsecureClient() *imapclient.Client { return c.inner }

var errSettled = errors.New("imapconn: authentication happens in Dial or New, through Options.Auth")

// Login returns an error: set Options.Auth.
func (c *Client) Login(username, password string) error { return errSettled }

// Authenticate returns an error: set Options.Auth.
func (c *Client) Authenticate(client sasl.Client) error { return errSettled }

// Compressed reports whether the session is compressed, as Options.Compress asks for.
func (c *Client) Compressed() bool { return c.stream.Compressed() }
