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
	times := o.times()
	c := &Client{line: newHandover(conn, times.write), conn: conn, opts: o}
	t := &transport{smtpline.Conn{Lines: wire.LinesOf(c.line.In, conn), Client: conn}, conn.Capabilities()}
	if t.caps == nil {
		setup.Enter(dial.PhaseCapability)
		var err error
		if t.caps, err = protocol.Capabilities(&t.lines, conn.Encrypted()); err != nil {
			return nil, err
		}
	}
	if err := login(ctx, setup, t, o.Auth); err != nil {
		return nil, err
	}
	c.line.caps = t.caps
	c.inner = smtp.NewClient(&c.line)
	c.CommandTimeout, c.SubmissionTimeout = cmp.Or(times.command, never), cmp.Or(times.end, never)
	return c, nil
}

// login authenticates if there are credentials.
func login(ctx context.Context, setup *dial.Setup, t *transport, creds auth.Credentials) error {
	if creds == nil {
		return t.Finish()
	}
	setup.Enter(dial.PhaseAuth)
	t.lines.Renew(wire.SASL())
	_, err := auth.Authenticate(ctx, setup, t, creds)
	return err
}

// never is go-smtp's time-out where there is none: it has no word for it.
const never = 10 * 365 * 24 * time.Hour

func (o *Options) times() times {
	switch t := o.ReplyTimeout; {
	case t < 0:
		return times{}
	case t > 0:
		return times{t, t, t, t}
	}
	return times{command: 5 * time.Minute, data: 2 * time.Minute, end: 10 * time.Minute, write: 3 * time.Minute}
}
