package smtpconn

import (
	"context"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/line"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
)

// beginning is a session before it is handed over.
type beginning struct {
	conn  *dial.Conn
	setup *dial.Setup
	opts  *Options
	lines *smtpline.Conn
	caps  []string
}

// begin does what has to be done before the mail library may have the
// connection, and hands it over.
func begin(ctx context.Context, conn *dial.Conn, setup *dial.Setup, o *Options) (*Client, error) {
	b := &beginning{conn: conn, setup: setup, opts: o, lines: smtpline.New(wire.NewLines(conn), conn.LocalName)}
	if err := b.login(ctx); err != nil {
		return nil, err
	}
	return b.handOver()
}

// login learns the capabilities, and authenticates if there are credentials.
func (b *beginning) login(ctx context.Context) (err error) {
	if b.caps = b.conn.Capabilities(); b.caps == nil {
		b.setup.Enter(dial.PhaseCapability)
		if b.caps, err = line.Capabilities(b.lines, b.conn.Encrypted()); err != nil {
			return err
		}
	}
	if b.opts.Auth == nil {
		return b.lines.Ready(nil)
	}
	b.setup.Enter(dial.PhaseAuth)
	b.lines.Renew(wire.SASL())
	_, err = auth.Authenticate(ctx, b.setup, &transport{b.lines, b.caps}, b.opts.Auth)
	return err
}

// handOver gives the connection to the mail library, which is made to take
// EHLO's answer now.
func (b *beginning) handOver() (*Client, error) {
	write, command, message := b.opts.limits()
	line := newHandover(wire.NewFeed(wire.NewGuard(b.conn, nil, 0, write)), b.conn.LocalName(), b.caps)
	client := smtp.NewClient(line)
	client.CommandTimeout, client.SubmissionTimeout = command, message
	if err := client.Hello(b.conn.LocalName()); err != nil {
		return nil, err
	}
	return &Client{inner: client, line: line, conn: b.conn, caps: b.caps, opts: b.opts}, nil
}
