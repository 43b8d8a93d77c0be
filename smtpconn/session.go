package smtpconn

import (
	"cmp"
	"context"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	protocol "github.com/mailconn/mailconn/internal/line"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
)

// begin learns the server's capabilities, logs in, and hands the connection over.
func begin(ctx context.Context, conn *dial.Conn, setup *dial.Setup, o *Options) (*Client, error) {
	line := newHandover(conn, o.times().write)
	lines := smtpline.New(wire.LinesOf(line.In, conn), conn.LocalName)
	caps := conn.Capabilities()
	if caps == nil {
		setup.Enter(dial.PhaseCapability)
		var err error
		if caps, err = protocol.Capabilities(lines, conn.Encrypted()); err != nil {
			return nil, err
		}
	}
	if err := login(ctx, setup, lines, caps, o); err != nil {
		return nil, err
	}
	line.caps = caps
	return newClient(line, conn, o), nil
}

// login authenticates if there are credentials.
func login(ctx context.Context, setup *dial.Setup, lines *smtpline.Conn, caps []string, o *Options) error {
	if o.Auth == nil {
		return lines.Ready(nil)
	}
	setup.Enter(dial.PhaseAuth)
	lines.Renew(wire.SASL())
	_, err := auth.Authenticate(ctx, setup, &transport{lines, caps}, o.Auth)
	return err
}

// never is go-smtp's time-out where there is none: it has no word for it.
const never = 10 * 365 * 24 * time.Hour

// newClient gives the connection to go-smtp, and to Send.
func newClient(line *handover, conn *dial.Conn, o *Options) *Client {
	t := o.times()
	library := smtp.NewClient(line)
	library.CommandTimeout, library.SubmissionTimeout = cmp.Or(t.command, never), cmp.Or(t.end, never)
	return &Client{inner: library, line: line, conn: conn, opts: o}
}
