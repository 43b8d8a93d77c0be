package smtpconn_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mailconn/mailconn/smtpconn"
)

// A message that is to be given up is told from one whose server or connection
// failed, whatever the cause.
func TestMessageAtFault(t *testing.T) {
	long := strings.Repeat("x\r\n", 1e5)
	for name, c := range map[string]struct {
		at, reply string // "hang up" ends the connection
		content   io.Reader
		to        string
		ctx       func(context.Context) context.Context
		outcome   smtpconn.Outcome
		fault     bool
		temporary bool
	}{
		"address":         {to: "no one@mail.test", outcome: smtpconn.NotSent, fault: true},
		"line ends":       {content: strings.NewReader("a\nb"), outcome: smtpconn.NotSent, fault: true},
		"line ends, late": {content: strings.NewReader(long + "\n"), outcome: smtpconn.NotSent, fault: true},
		"reader":          {content: iotest.ErrReader(errors.New("broken")), outcome: smtpconn.NotSent, fault: true},
		"not offered":     {content: strings.NewReader("\xff"), to: "jörg@mail.test", outcome: smtpconn.NotSent, fault: true},
		"refused":         {at: ".", reply: "550 5.7.1 spam", outcome: smtpconn.Refused, fault: true},
		"nobody":          {at: "RCPT", reply: "550 5.1.1 nobody", outcome: smtpconn.Refused, fault: true},
		"greylisted":      {at: "RCPT", reply: "450 4.2.0 later", outcome: smtpconn.Refused, fault: true, temporary: true},
		"going":           {at: ".", reply: "421 4.3.2 going", outcome: smtpconn.Refused, temporary: true},
		"going at MAIL":   {at: "MAIL", reply: "421 4.3.2 going", outcome: smtpconn.NotSent, temporary: true},
		"going at RCPT":   {at: "RCPT", reply: "421 4.3.2 going", outcome: smtpconn.Refused, temporary: true},
		"hung up":         {at: "MAIL", reply: "hang up", outcome: smtpconn.NotSent, temporary: true},
		"unknown":         {at: ".", reply: "hang up", outcome: smtpconn.InDoubt},
		"context": {ctx: func(ctx context.Context) context.Context {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx
		}, outcome: smtpconn.NotSent, temporary: true},
	} {
		r := with("PIPELINING")
		r.answer = func(_ int, command, usual string) string {
			switch {
			case c.at == "" || !strings.HasPrefix(command, c.at):
				return usual
			case c.reply == "hang up":
				r.conn.Close()
			}
			return c.reply
		}
		client, hangUp := dialRelay(t, r, nil)
		content, e, ctx := c.content, envelope(), t.Context()
		if content == nil {
			content = strings.NewReader(note)
		}
		if c.to != "" {
			e = envelope(c.to)
		}
		if c.ctx != nil {
			ctx = c.ctx(ctx)
		}
		_, err := client.Send(ctx, e, content)
		failed := asResult(nil, err).err
		if failed == nil || failed.Outcome != c.outcome || failed.MessageAtFault() != c.fault || failed.Temporary() != c.temporary {
			t.Errorf("%s: %v, message at fault %v, temporary %v", name, err, failed.MessageAtFault(), failed.Temporary())
		}
		hangUp()
	}
}
