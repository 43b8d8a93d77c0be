package pool_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// Five hundred messages over the one connection that a relay gives cause few dials
// that it refuses, wherever and however it does.
func TestNoStorm(t *testing.T) {
	for _, c := range []struct{ at, reply string }{
		{"greeting", "421 4.7.0 Error: too many connections"},
		{"greeting", "554 5.7.1 too many connections"},
		{"greeting", ""},
		{"EHLO", "421 4.3.2 too many connections"},
		{"EHLO", "550 5.7.1 no"},
		{"AUTH", "454 4.7.0 Too many login attempts, please try again later."},
		{"AUTH", "535 5.7.8 too many"},
		{"MAIL", "421 4.7.0 too many connections"},
		{"MAIL", "432 4.3.2 too many connections"},
		{"MAIL", ""},
	} {
		l := newLimit(1)
		r := withAuth(capped(l, c.at, c.reply).answer)
		r.closed = l.closed
		bubble(t, r, pool.Config{Options: &smtpconn.Options{Auth: login}}, func(t *testing.T, p *pool.Pool) {
			began := time.Now()
			sendMany(t, p, 16, 500)
			wantAll(t, r, 500)
			allowed := 3*math.Log2(time.Since(began).Seconds()+2) + 10
			if l.count() > 20 || float64(l.count()) > allowed {
				t.Errorf("%s %q: %d dials refused in %v", c.at, c.reply, l.count(), time.Since(began))
			}
			t.Logf("%s %q: %d dials refused, limit %d", c.at, c.reply, l.count(), p.Stats().Limit)
		})
	}
}

// So it is if the network refuses all dials but one.
func TestNoStormOfDials(t *testing.T) {
	r := capped(newLimit(1), "greeting", "")
	r.refuse = func(n int) error {
		if n > 0 {
			return errNetwork
		}
		return nil
	}
	bubble(t, r, pool.Config{}, func(t *testing.T, p *pool.Pool) {
		sendMany(t, p, 16, 2000)
		if s := p.Stats(); r.dials() > 20 || s.Limit != 0 || s.Down != nil {
			t.Errorf("%d dials, %+v", r.dials(), s)
		}
	})
}

// Twenty messages meet a relay that gives three connections, which take their time,
// and refuses the fourth at once: all are sent, with the defaults and with one attempt.
func TestColdStart(t *testing.T) {
	for _, c := range []struct{ at, reply string }{
		{"greeting", "421 4.3.2 The maximum number of concurrent connections has exceeded a limit"},
		{"AUTH", "454 4.7.0 Temporary authentication failure"},
		{"AUTH", "535 5.7.8 bad"},
		{"greeting", ""},
	} {
		for _, attempts := range []int{0, 1} {
			l := newLimit(3)
			r := withAuth(func(conn int, command, usual string) string {
				if strings.HasPrefix(command, c.at) {
					if !l.admit(conn) {
						return c.reply
					}
					time.Sleep(150 * time.Millisecond)
				}
				return usual
			})
			r.closed = l.closed
			bubble(t, r, pool.Config{MaxAttempts: attempts, Options: &smtpconn.Options{Auth: login}}, func(t *testing.T, p *pool.Pool) {
				if err := errors.Join(sendAll(t.Context(), p, 20)...); err != nil {
					t.Errorf("%s %q: %v", c.at, c.reply, err)
				}
				wantAll(t, r, 20)
			})
		}
	}
}

// One bad backend of several behind a name, which takes connections and drops them,
// costs no message.
func TestBadBackend(t *testing.T) {
	for _, at := range []string{"greeting", "EHLO", "MAIL", "RCPT", "DATA"} {
		r := &relay{answer: func(conn int, command, usual string) string {
			if conn%3 == 1 && strings.HasPrefix(command, at) {
				return ""
			}
			return usual
		}}
		for _, c := range []pool.Config{
			{MaxConns: 3, MaxAttempts: 1},
			{MaxConns: 3, MaxAttempts: 1, MessagesPerConn: 5, WaitWhileDown: true}, // and a new one is often wanted
		} {
			bubble(t, r, c, func(t *testing.T, p *pool.Pool) {
				sendMany(t, p, 10, 300)
				if s := p.Stats(); s.Sent != 300 || s.Limit != 0 || s.NotSent+s.InDoubt+s.Refused != 0 {
					t.Errorf("%s: %+v", at, s)
				}
			})
			r.dialled = nil
		}
	}
}
