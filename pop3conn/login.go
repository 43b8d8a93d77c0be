package pop3conn

import (
	"context"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/wire"
)

// login is a session before it is the caller's.
type login struct {
	*Client
	setup     *dial.Setup
	opts      Options
	mechanism string // of the login; empty without one
}

// begin asks what the server can do, logs in, and makes the session the caller's:
// from here on it has its own limits of time.
func begin(ctx context.Context, conn *dial.Conn, setup *dial.Setup, o Options) (*Client, error) {
	c := &Client{conn: conn, link: link{conn: conn}, noPipelining: o.NoPipelining, maxMessageSize: o.MaxMessageSize}
	c.lines.Lines = wire.NewLines(&c.link)
	c.lines.Arrivals = true
	l := login{Client: c, setup: setup, opts: o}
	if err := l.run(ctx); err != nil {
		return nil, err
	}
	c.upToDate = l.mechanism == "" // RFC 2449 §5: the list may differ after a login
	limit := session.ReplyTimeout(o.ReplyTimeout)
	c.guard.Begin(conn, 0, limit)
	c.link.conn, c.link.limit = &c.guard, limit
	return c, nil
}

// run ends with nothing unread: what a server has said by then and was not asked for
// is no part of a session.
func (l *login) run(ctx context.Context) (err error) {
	if l.capabilities = l.conn.Capabilities(); l.capabilities == nil {
		l.setup.Enter(dial.PhaseCapability)
		if l.capabilities, err = line.Capabilities(&l.lines, l.conn.Encrypted()); err != nil {
			return err
		}
	}
	if err = l.enterUTF8(); err != nil {
		return err
	}
	if l.opts.Auth == nil {
		return l.lines.Quiet()
	}
	l.setup.Enter(dial.PhaseAuth)
	l.lines.Renew(wire.SASL())
	done, err := auth.Authenticate(ctx, l.setup, &transport{&l.lines, l.capabilities, l.conn.Greeting()}, l.opts.Auth)
	l.mechanism = done.Mechanism
	return delayed(err, l.capabilities)
}

// enterUTF8 sends UTF8, which must come before the login and after STLS
// (RFC 6856 §2.1).
func (l *login) enterUTF8() error {
	if _, listed := wire.Params(l.capabilities, "UTF8"); !listed || !l.opts.UTF8 {
		return nil
	}
	l.setup.Enter(dial.PhaseCapability)
	r, err := l.lines.Command("UTF8")
	l.utf8 = err == nil && r.OK
	return err
}
