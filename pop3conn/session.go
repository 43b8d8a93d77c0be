package pop3conn

import (
	"context"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/wire"
)

// beginning is a session before it is the caller's.
type beginning struct {
	conn  *dial.Conn
	setup *dial.Setup
	opts  *Options
	lines *pop3.Conn
	caps  []string
	utf8  bool
}

// begin asks what the server can do and logs in.
func begin(ctx context.Context, conn *dial.Conn, setup *dial.Setup, o *Options) (*Client, error) {
	b := &beginning{conn: conn, setup: setup, opts: o, lines: pop3.New(wire.NewLines(conn))}
	if err := b.login(ctx); err != nil {
		return nil, err
	}
	return b.client(), nil
}

// login ends with nothing unread: what a server has said by then and was not
// asked for is no part of a session.
func (b *beginning) login(ctx context.Context) (err error) {
	if b.caps = b.conn.Capabilities(); b.caps == nil {
		b.setup.Enter(dial.PhaseCapability)
		if b.caps, err = line.Capabilities(b.lines, b.conn.Encrypted()); err != nil {
			return err
		}
	}
	if err = b.enterUTF8(); err != nil {
		return err
	}
	if b.opts.Auth == nil {
		return b.lines.Quiet()
	}
	b.setup.Enter(dial.PhaseAuth)
	b.lines.Renew(wire.SASL())
	t := &transport{b.lines, b.caps, b.conn.Greeting()}
	_, err = auth.Authenticate(ctx, b.setup, t, b.opts.Auth)
	return delayed(err, b.caps)
}

// client makes the session the caller's. From here on the connection has the
// time limits of the session and a buffer made for messages.
func (b *beginning) client() *Client {
	limit := session.ReplyTimeout(b.opts.ReplyTimeout)
	guard := wire.NewGuard(b.conn, nil, limit, limit)
	return &Client{
		conn:     b.conn,
		guard:    guard,
		in:       newReader(guard, limit),
		caps:     b.caps,
		fresh:    b.conn.Security().Login.Mechanism == "", // RFC 2449 §5: the list may differ after a login
		lockstep: b.opts.NoPipelining,
		room:     b.opts.messageRoom(),
		utf8:     b.utf8,
	}
}
