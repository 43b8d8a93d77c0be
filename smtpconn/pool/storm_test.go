package pool_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
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

// So it is if a relay refuses each message, whatever it says, and hangs up. The messages
// that were not looked at are as good as ever.
func TestNoStormOfRefusals(t *testing.T) {
	for _, at := range []string{"MAIL", "RCPT", "DATA", "."} {
		for _, reply := range []string{"451 4.7.1 slow down", "550 5.7.1 blocked", "530 5.7.0 authentication required"} {
			bubble(t, hangingUp(at, reply), pool.Config{}, func(t *testing.T, p *pool.Pool) {
				refused := 0
				var down *pool.DownError
				for _, err := range sendAll(t.Context(), p, 500) {
					switch {
					case outcome(err) == smtpconn.Refused:
						refused++
					case outcome(err) != smtpconn.NotSent || err.(*smtpconn.SendError).MessageAtFault():
						t.Errorf("%s %q: %v", at, reply, err)
					case errors.As(err, &down) && (!strings.Contains(err.Error(), reply[10:]) || !strings.Contains(down.Hint(), "refuses what is sent")):
						t.Errorf("%s %q: %v: %s", at, reply, err, down.Hint())
					}
				}
				if s := p.Stats(); s.Dials > 20 || refused > 20 || down == nil {
					t.Errorf("%s %q: %d refused, %+v", at, reply, refused, s)
				}
			})
		}
	}
}

// hangingUp is a relay that answers a command with a refusal, and hangs up then.
func hangingUp(at, reply string) *relay {
	var mu sync.Mutex
	over := map[int]bool{}
	return &relay{answer: func(conn int, command, usual string) string {
		time.Sleep(time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case command == "closed":
		case over[conn]:
			return ""
		case strings.HasPrefix(command, at):
			over[conn] = true
			return reply
		}
		return usual
	}}
}

// One bad message of three, each of which has the relay hang up, costs no good one.
func TestRefusalsAmongOthers(t *testing.T) {
	for _, conns := range []int{1, 4} {
		bubble(t, hangingUp("RCPT TO:<bad", "550 5.1.1 no such user"), pool.Config{MaxConns: conns, MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
			var wg sync.WaitGroup
			for i := range 300 {
				wg.Go(func() {
					to, want := fmt.Sprintf("good%d@mail.test", i), smtpconn.Outcome(0)
					if i%3 == 0 {
						to, want = fmt.Sprintf("bad%d@mail.test", i), smtpconn.Refused
					}
					if err := send(t.Context(), p, to); outcome(err) != want {
						t.Errorf("%s: %v", to, err)
					}
				})
			}
			wg.Wait()
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

// A relay that refuses all messages, and goes on, is not down: not even if a dial has
// failed before, and connections end in between.
func TestRefusesAndGoesOn(t *testing.T) {
	r := &relay{answer: func(_ int, command, usual string) string {
		switch {
		case strings.HasPrefix(command, "EHLO"):
			time.Sleep(200 * time.Millisecond)
		case strings.HasPrefix(command, "RCPT"):
			return "550 5.1.1 no such user"
		}
		return usual
	}}
	r.refuse = func(n int) error {
		if n == 0 { // while others are under way
			time.Sleep(100 * time.Millisecond)
			return errNetwork
		}
		return nil
	}
	bubble(t, r, pool.Config{MessagesPerConn: 2}, func(t *testing.T, p *pool.Pool) {
		for i, err := range sendAll(t.Context(), p, 50) {
			if outcome(err) != smtpconn.Refused {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}
