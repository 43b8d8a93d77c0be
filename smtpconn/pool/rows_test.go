package pool_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// rows are scenarios of relays that limit connections or fail, by number.
var rows = map[int]func(t *testing.T){
	1:  rowRefusedAt("greeting", "421 4.7.0 Error: too many connections", 2),
	2:  rowRefusedAtEHLOAndMAIL,
	3:  rowRefusedAt("MAIL", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", 2),
	4:  rowPasswordExpired,
	5:  rowRefusedAtAUTH,
	6:  rowMessagesRefused,
	7:  rowLimitRaised,
	8:  rowLimitFalls,
	9:  rowLimitNone,
	10: rowReplaced,
	11: rowOneAddressDead,
	12: rowDialTimesOut,
	13: rowCertificateWrong,
	14: rowMailMax,
	15: rowTwoPools,
	16: rowColdStart,
}

func TestRows(t *testing.T) {
	for n := 1; n <= 16; n++ {
		row := rows[n]
		if row == nil {
			t.Errorf("row %d is missing", n)
			continue
		}
		t.Run(fmt.Sprint(n), row)
	}
}

// limit is how many connections a relay gives at a time.
type limit struct {
	mu       sync.Mutex
	conns    int
	admitted map[int]bool
	refused  int // connections
	times    []time.Time
}

func newLimit(conns int) *limit { return &limit{conns: conns, admitted: map[int]bool{}} }

func (l *limit) set(conns int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = conns
}

// admit reports whether a connection is one of those that are given.
func (l *limit) admit(conn int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.admitted[conn] && len(l.admitted) >= l.conns {
		l.refused++
		l.times = append(l.times, time.Now())
		return false
	}
	l.admitted[conn] = true
	return true
}

// evict takes connections back until there are no more than are given, and reports
// whether this is one of them.
func (l *limit) evict(conn int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.admitted) <= l.conns {
		return false
	}
	delete(l.admitted, conn)
	return true
}

func (l *limit) closed(conn int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.admitted, conn)
}

func (l *limit) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// capped is a relay that refuses connections beyond a limit with a reply to a command,
// and takes 5 ms for a message.
func capped(l *limit, at, reply string) *relay {
	return &relay{closed: l.closed, answer: func(conn int, command, usual string) string {
		if strings.HasPrefix(command, at) && !l.admit(conn) {
			return reply
		}
		if strings.HasPrefix(command, ".") {
			time.Sleep(5 * time.Millisecond)
		}
		return usual
	}}
}

// sendMany sends messages by a number of senders, and returns how many were not sent.
func sendMany(t *testing.T, p *pool.Pool, senders, messages int) (failed int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for n := i; n < messages; n += senders {
				if err := send(t.Context(), p, fmt.Sprintf("r%d@mail.test", n)); err != nil {
					mu.Lock()
					if failed++; failed < 4 {
						t.Errorf("message %d: %v", n, err)
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return failed
}

func wantAll(t *testing.T, r *relay, messages int) {
	t.Helper()
	if r.took() != messages || len(r.committed) != messages {
		t.Errorf("%d taken of %d", r.took(), messages)
	}
}

func rowRefusedAt(at, reply string, conns int) func(t *testing.T) {
	return func(t *testing.T) {
		l := newLimit(conns)
		r := capped(l, at, reply)
		bubble(t, r, pool.Config{MaxConns: 8}, func(t *testing.T, p *pool.Pool) {
			sendMany(t, p, 32, 800)
			wantAll(t, r, 800)
			s := p.Stats()
			if r.dials() > conns+12 || s.Limit != conns || s.Down != nil || s.Refused+s.NotSent+s.InDoubt != 0 {
				t.Errorf("%d dials, %+v", r.dials(), s)
			}
			t.Logf("%d dials, %d refused", r.dials(), l.count())
		})
	}
}

func rowRefusedAtEHLOAndMAIL(t *testing.T) {
	rowRefusedAt("EHLO", "421 4.7.0 Too many connections", 2)(t)
	rowRefusedAt("MAIL", "421 4.7.0 Too many connections", 2)(t)
}

// withAuth has the pool log in: it must be told of AUTH.
func withAuth(answer func(conn int, command, usual string) string) *relay {
	return &relay{answer: func(conn int, command, usual string) string {
		if strings.HasPrefix(command, "EHLO") {
			usual = "250-mail.test\r\n250-AUTH PLAIN\r\n250 PIPELINING"
		}
		return answer(conn, command, usual)
	}}
}

var login = auth.Password{User: "user", Secret: auth.NewSecret("secret"), InsecureCleartext: true}

// A password that has expired is no matter of connections, and is not tried again
// before the longest distance.
func rowPasswordExpired(t *testing.T) {
	r := withAuth(func(_ int, command, usual string) string {
		if strings.HasPrefix(command, "AUTH") {
			return "432 4.7.12 A password transition is needed"
		}
		return usual
	})
	bubble(t, r, pool.Config{MaxConns: 8, WaitWhileDown: true, Options: &smtpconn.Options{Auth: login}}, func(t *testing.T, p *pool.Pool) {
		for range 100 {
			err := send(t.Context(), p, "r@mail.test")
			var down *pool.DownError
			if !errors.As(err, &down) || down.Temporary() {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
		}
		if s := p.Stats(); r.dials() != 1 || s.Limit != 0 {
			t.Errorf("%d dials in 50 s, %+v", r.dials(), s)
		}
	})
}

// 454 in reply to AUTH teaches the limit while sessions stand; without any the relay
// is down, and soon tried again.
func rowRefusedAtAUTH(t *testing.T) {
	const reply = "454 4.7.0 Temporary authentication failure"
	l := newLimit(2)
	r := withAuth(capped(l, "AUTH", reply).answer)
	r.closed = l.closed
	cfg := pool.Config{MaxConns: 8, Options: &smtpconn.Options{Auth: login}}
	bubble(t, r, cfg, func(t *testing.T, p *pool.Pool) {
		sendMany(t, p, 32, 800)
		wantAll(t, r, 800)
		if s := p.Stats(); s.Limit != 2 || r.said("AUTH") > 14 {
			t.Errorf("%d logins, %+v", r.said("AUTH"), s)
		}
	})
	l = newLimit(0)
	r = withAuth(capped(l, "AUTH", reply).answer)
	bubble(t, r, cfg, func(t *testing.T, p *pool.Pool) {
		err := send(t.Context(), p, "r@mail.test")
		var down *pool.DownError
		if !errors.As(err, &down) || !down.Temporary() || time.Until(down.Next) > time.Second || p.Stats().Limit != 0 {
			t.Error(err, p.Stats())
		}
		time.Sleep(2 * time.Second)
		sendAll(t.Context(), p, 20)
		if r.said("AUTH") != 2 {
			t.Errorf("%d logins", r.said("AUTH"))
		}
	})
}

// What is said of a message changes nothing about how many connections there may be.
func rowMessagesRefused(t *testing.T) {
	for _, reply := range []string{"454 4.7.0 Throttling failure: sending rate exceeded", "450 4.7.1 Error: too much mail from 192.0.2.1"} {
		for _, at := range []string{"MAIL", "RCPT", "DATA", "."} {
			r := &relay{answer: func(_ int, command, usual string) string {
				if strings.HasPrefix(command, at) {
					return reply
				}
				return usual
			}}
			bubble(t, r, pool.Config{MaxConns: 2}, func(t *testing.T, p *pool.Pool) {
				for _, err := range sendAll(t.Context(), p, 10) {
					if !errors.Is(err, smtpconn.Refused) {
						t.Error(err)
					}
				}
				synctest.Wait()
				if s := p.Stats(); r.dials() != 2 || s.Limit != 0 || s.Down != nil || s.Conns != 2 {
					t.Errorf("%q at %s: %d dials, %+v", reply, at, r.dials(), s)
				}
			})
		}
	}
}

// What another host has said of a recipient, which a relay that has asked it passes on, is
// not about the relay's connections.
func TestWordsOfAnotherHost(t *testing.T) {
	for _, reply := range []string{
		"450 4.1.1 <bad@mail.test>: unverified address: host mx.evil.test said: 421 too many connections",
		"550 5.1.1 <bad@mail.test>: undeliverable address: host mx.evil.test said: 554 too many concurrent connections",
		"451 host mx.evil.test said: 421 too many connections",
	} {
		r := &relay{answer: func(_ int, command, usual string) string {
			if strings.HasPrefix(command, "RCPT TO:<bad@") {
				return reply
			}
			return usual
		}}
		bubble(t, r, pool.Config{MaxConns: 2}, func(t *testing.T, p *pool.Pool) {
			for range 10 {
				if err := send(t.Context(), p, "bad@mail.test"); !errors.Is(err, smtpconn.Refused) {
					t.Errorf("%q: %v", reply, err)
				}
				if err := send(t.Context(), p, "good@mail.test"); err != nil {
					t.Errorf("%q: a good message: %v", reply, err)
				}
			}
			if s := p.Stats(); r.dials() > 2 || s.Limit != 0 || s.Down != nil {
				t.Errorf("%q: %d dials, %+v", reply, r.dials(), s)
			}
		})
	}
}

// flow keeps a pool busy until stop is called, and counts what was not sent.
func flow(t *testing.T, p *pool.Pool, senders int) (stop func() (failed int)) {
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var wg sync.WaitGroup
	failed := 0
	for i := range senders {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := send(t.Context(), p, fmt.Sprintf("r%d-%d@mail.test", i, n)); err != nil {
					mu.Lock()
					if failed++; failed < 4 {
						t.Error(err)
					}
					mu.Unlock()
					time.Sleep(time.Second)
				}
			}
		})
	}
	return func() int { cancel(); wg.Wait(); return failed }
}

// A relay that gives more connections is found out, one dial at a time, at distances
// that grow while it does not.
func rowLimitRaised(t *testing.T) {
	l := newLimit(2)
	r := capped(l, "greeting", "421 4.7.0 too many connections")
	bubble(t, r, pool.Config{MaxConns: 8}, func(t *testing.T, p *pool.Pool) {
		stop := flow(t, p, 32)
		time.Sleep(2 * time.Minute)
		refused := l.count()
		for i := range l.times[7:] {
			if gap := l.times[7+i].Sub(l.times[6+i]); gap < (time.Second<<i)/2 {
				t.Errorf("refused dial %d after %v", 7+i, gap)
			}
		}
		l.set(8)
		raised := time.Now()
		for p.Stats().Conns < 8 && time.Since(raised) < 3*time.Minute {
			time.Sleep(time.Second)
		}
		if s := p.Stats(); s.Conns != 8 || s.Limit != 0 || refused > 16 || l.count() != refused {
			t.Errorf("after %v: %d refused, %+v", time.Since(raised), refused, s)
		}
		t.Logf("%d refused in 2 minutes; eight connections %v after they were given", refused, time.Since(raised))
		stop()
	})
}

// A relay that takes six of eight connections back loses no message.
func rowLimitFalls(t *testing.T) {
	l := newLimit(8)
	r := capped(l, "greeting", "421 4.7.0 too many connections")
	usual := r.answer
	r.answer = func(conn int, command, u string) string {
		if strings.HasPrefix(command, "MAIL") && l.evict(conn) {
			return "421 4.7.0 too many connections"
		}
		return usual(conn, command, u)
	}
	bubble(t, r, pool.Config{MaxConns: 8}, func(t *testing.T, p *pool.Pool) {
		stop := flow(t, p, 32)
		time.Sleep(10 * time.Second)
		if s := p.Stats(); s.Conns != 8 {
			t.Errorf("%+v", s)
		}
		before := r.dials()
		l.set(2)
		time.Sleep(10 * time.Second)
		s := p.Stats()
		if failed := stop(); failed != 0 || s.Limit != 2 || s.Conns != 2 || r.dials()-before > 12 || s.Refused+s.InDoubt+s.NotSent != 0 {
			t.Errorf("%d failed, %d dials, %+v", failed, r.dials()-before, s)
		}
	})
}

// A relay that refuses all connections is down, and dialled one at a time.
func rowLimitNone(t *testing.T) {
	for _, at := range []string{"greeting", "EHLO", "MAIL"} {
		l := newLimit(0)
		r := capped(l, at, "421 4.3.2 too many connections")
		bubble(t, r, pool.Config{MaxConns: 8}, func(t *testing.T, p *pool.Pool) {
			for range 120 {
				for _, err := range sendAll(t.Context(), p, 10) {
					var down *pool.DownError
					if !errors.As(err, &down) && !errors.Is(err, smtpconn.NotSent) {
						t.Error(at, err)
					}
				}
				time.Sleep(500 * time.Millisecond)
			}
			if s := p.Stats(); r.dials() > 8+12 || s.Limit != 0 || s.Down == nil {
				t.Errorf("%s: %d dials in a minute, %+v", at, r.dials(), s)
			}
		})
		l = newLimit(0)
		r = capped(l, at, "421 4.3.2 too many connections")
		bubble(t, r, pool.Config{MaxConns: 8, WaitWhileDown: true, MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
			time.AfterFunc(time.Minute, func() { l.set(8) })
			sendMany(t, p, 10, 10)
			wantAll(t, r, 10)
			if r.dials() > 8+12+8 {
				t.Errorf("%s, waiting: %d dials", at, r.dials())
			}
		})
	}
}

// The one connection that a relay gives is replaced when it is old, and no message
// fails meanwhile.
func rowReplaced(t *testing.T) {
	l := newLimit(1)
	r := capped(l, "greeting", "421 4.7.0 too many connections")
	bubble(t, r, pool.Config{MaxConns: 4, MaxAge: time.Minute}, func(t *testing.T, p *pool.Pool) {
		stop := flow(t, p, 4)
		time.Sleep(5 * time.Minute)
		s := p.Stats()
		if failed := stop(); failed != 0 || s.Limit != 1 || s.Conns != 1 || r.dials()-l.count() > 12 || l.count() > 16 {
			t.Errorf("%d failed, %d dials of which %d were refused, %+v", failed, r.dials(), l.count(), s)
		}
	})
}

// That one of a relay's addresses is dead changes nothing about that either.
func rowOneAddressDead(t *testing.T) {
	r := capped(newLimit(100), "greeting", "")
	r.refuse = func(n int) error {
		if n%2 == 1 {
			return errNetwork
		}
		return nil
	}
	bubble(t, r, pool.Config{MaxConns: 4}, func(t *testing.T, p *pool.Pool) {
		stop := flow(t, p, 16)
		time.Sleep(time.Minute)
		s := p.Stats()
		if failed := stop(); failed != 0 || s.Limit != 0 || s.Conns != 4 || r.dials() > 16 {
			t.Errorf("%d failed, %d dials, %+v", failed, r.dials(), s)
		}
	})
}

// A dial that times out while others serve holds up nothing but the next dial.
func rowDialTimesOut(t *testing.T) {
	r := &relay{answer: func(conn int, command, usual string) string {
		switch {
		case command == "greeting" && conn > 0:
			return "-"
		case command[0] == '.':
			time.Sleep(5 * time.Millisecond)
		}
		return usual
	}}
	bubble(t, r, pool.Config{MaxConns: 2}, func(t *testing.T, p *pool.Pool) {
		stop := flow(t, p, 8)
		time.Sleep(3 * time.Minute)
		s := p.Stats()
		if failed := stop(); failed != 0 || s.Limit != 0 || s.Down != nil || s.Conns != 1 || r.dials() > 12 || s.Sent < 30000 {
			t.Errorf("%d failed, %d dials, %+v", failed, r.dials(), s)
		}
	})
}

// A certificate that is wrong on new connections leaves the old ones alone, shows, and
// is not tried before the longest distance.
func rowCertificateWrong(t *testing.T) {
	r := capped(newLimit(100), "greeting", "")
	var wrong atomic.Bool
	var mu sync.Mutex
	var tried []time.Time
	r.refuse = func(n int) error {
		if !wrong.Load() {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		tried = append(tried, time.Now())
		return x509.UnknownAuthorityError{}
	}
	bubble(t, r, pool.Config{MaxConns: 4, MaxAge: 30 * time.Minute}, func(t *testing.T, p *pool.Pool) {
		stop := flow(t, p, 1)
		time.Sleep(time.Second)
		stop()
		wrong.Store(true)
		stop = flow(t, p, 5)
		time.Sleep(5 * time.Minute)
		s := p.Stats()
		if failed := stop(); failed != 0 || s.Down == nil || s.Down.Temporary() || s.Limit != 0 {
			t.Errorf("%d failed, %+v", failed, s)
		}
		mu.Lock()
		defer mu.Unlock()
		for i := 3; i < len(tried); i++ { // three at once, beside the one
			if gap := tried[i].Sub(tried[i-1]); gap < time.Minute {
				t.Errorf("tried again after %v", gap)
			}
		}
		if len(tried) < 6 {
			t.Errorf("tried %d times in five minutes", len(tried))
		}
	})
}

// One message a connection is what this relay wants: a dial for each is no storm.
func rowMailMax(t *testing.T) {
	l := newLimit(2)
	r := capped(l, "greeting", "421 4.7.0 too many connections")
	usual := r.answer
	r.answer = func(conn int, command, u string) string {
		if strings.HasPrefix(command, "EHLO") {
			u = "250-mail.test\r\n250-LIMITS MAILMAX=1\r\n250 PIPELINING"
		}
		return usual(conn, command, u)
	}
	bubble(t, r, pool.Config{MaxConns: 8}, func(t *testing.T, p *pool.Pool) {
		began := time.Now()
		sendMany(t, p, 32, 800)
		wantAll(t, r, 800)
		if took := time.Since(began); took > 10*time.Second || l.count() > 24 {
			t.Errorf("took %v, %d of %d dials refused", took, l.count(), r.dials())
		}
		t.Logf("took %v, %d of %d dials refused, limit %d", time.Since(began), l.count(), r.dials(), p.Stats().Limit)
	})
}

// Two pools that share what a relay gives both get on, and neither loses its
// connections to the other.
func rowTwoPools(t *testing.T) {
	l := newLimit(4)
	r := capped(l, "greeting", "421 4.7.0 too many connections")
	bubble(t, r, pool.Config{MaxConns: 4, WaitWhileDown: true}, func(t *testing.T, a *pool.Pool) {
		b := open(t, r, pool.Config{MaxConns: 4, WaitWhileDown: true})
		if err := errors.Join(send(t.Context(), a, "a@mail.test"), send(t.Context(), b, "b@mail.test")); err != nil {
			t.Error(err)
		}
		stopA, stopB := flow(t, a, 8), flow(t, b, 8)
		time.Sleep(90 * time.Second)
		sa, sb := a.Stats(), b.Stats()
		if failed := stopA() + stopB(); failed != 0 || sa.Conns == 0 || sb.Conns == 0 || sa.Conns+sb.Conns != 4 {
			t.Errorf("%d failed, %+v, %+v", failed, sa, sb)
		}
		if l.count() > 24 {
			t.Errorf("%d dials refused", l.count())
		}
	})
}

// A refusal while other dials are under way fails no message.
func rowColdStart(t *testing.T) {
	for _, reply := range []string{"421 4.3.2 too many connections", "554 5.7.1 go away", ""} {
		r := &relay{answer: func(conn int, command, usual string) string {
			switch {
			case command == "greeting" && conn == 0:
				time.Sleep(10 * time.Millisecond) // until all are under way
				return reply
			case command == "greeting":
				time.Sleep(150 * time.Millisecond)
			}
			return usual
		}}
		bubble(t, r, pool.Config{MaxConns: 8}, func(t *testing.T, p *pool.Pool) {
			for _, err := range sendAll(t.Context(), p, 200) {
				if err != nil {
					t.Error(err)
				}
			}
			wantAll(t, r, 200)
		})
	}
}

// Refusals that speak of connections teach as much as those that have the code for it, and
// so they do wherever they are said before a content.
func TestRefusedInWords(t *testing.T) {
	for at, reply := range map[string]string{
		"greeting": "451 Too many concurrent SMTP connections; please try again later",
		"EHLO":     "450 4.7.0 maximum number of connections from your address exceeded",
		"MAIL":     "451 4.7.0 too many connections from you",
		"MAIL ":    "554 5.7.0 Too many simultaneous sessions",
		"RCPT":     "550 5.7.1 too many concurrent connections",
		"RCPT ":    "452 4.3.2 Too many connections",
		"DATA":     "451 4.7.0 too many connections from you",
		"DATA ":    "554 connection limit exceeded",
	} {
		t.Run(reply, rowRefusedAt(strings.TrimSpace(at), reply, 2))
	}
}

// A limit that a cold start has met is known as soon as it is settled, although the
// refusals came before any connection stood.
func TestColdStartTeaches(t *testing.T) {
	l := newLimit(3)
	r := capped(l, "greeting", "421 4.3.2 too many connections")
	answer := r.answer
	r.answer = func(conn int, command, usual string) string {
		got := answer(conn, command, usual)
		if command == "greeting" && got == usual {
			time.Sleep(150 * time.Millisecond)
		}
		return got
	}
	bubble(t, r, pool.Config{MaxConns: 8}, func(t *testing.T, p *pool.Pool) {
		sendMany(t, p, 24, 48)
		wantAll(t, r, 48)
		if s := p.Stats(); s.Limit != 3 || r.dials() > 12 || s.Down != nil {
			t.Errorf("%d dials, %+v", r.dials(), s)
		}
	})
}

// The code teaches where the words are left out because they would betray the secret.
func TestRefusedWithoutWords(t *testing.T) {
	l := newLimit(2)
	r := withAuth(capped(l, "AUTH", "454 4.7.0 too many logins").answer)
	r.closed = l.closed
	short := auth.Password{User: "user", Secret: auth.NewSecret("o"), InsecureCleartext: true}
	bubble(t, r, pool.Config{MaxConns: 8, Options: &smtpconn.Options{Auth: short}}, func(t *testing.T, p *pool.Pool) {
		sendMany(t, p, 32, 400)
		wantAll(t, r, 400)
		if s := p.Stats(); s.Limit != 2 {
			t.Errorf("%+v", s)
		}
	})
}
