package smtpconn

import (
	"cmp"
	"context"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn/internal/smtplogin"
)

// begin logs in, and hands the connection over.
func begin(ctx context.Context, conn *dial.Conn, setup *dial.Setup, o Options) (*Client, error) {
	times := o.times()
	c := &Client{line: newHandover(conn, times.write), conn: conn, opts: &o}
	var err error
	if c.line.caps, err = smtplogin.Do(ctx, conn, setup, wire.LinesOf(c.line.In, conn), o.Auth); err != nil {
		return nil, err
	}
	c.inner = smtp.NewClient(&c.line)
	c.CommandTimeout, c.SubmissionTimeout = cmp.Or(times.command, never), cmp.Or(times.end, never)
	return c, nil
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
