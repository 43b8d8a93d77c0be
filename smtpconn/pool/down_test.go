package pool_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// While the relay is down Send fails at once with the cause, and the dials are
// one at a time, at distances that grow to a ceiling.
func TestDown(t *testing.T) {
	r := &relay{refuse: func(int) error { return errNetwork }}
	bubble(t, r, pool.Config{MaxConns: 8, RetryDelay: time.Second, MaxRetryDelay: 16 * time.Second}, func(t *testing.T, p *pool.Pool) {
		begin := time.Now()
		for time.Since(begin) < 5*time.Minute {
			before := time.Now()
			var down *pool.DownError
			err := send(t.Context(), p, "r@mail.test")
			if !errors.As(err, &down) || !errors.Is(err, errNetwork) || outcome(err) != smtpconn.NotSent || time.Since(before) != 0 {
				t.Fatal(time.Since(before), err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		for i := 1; i < len(r.dialled); i++ {
			least := min(time.Second<<(i-1), 16*time.Second) / 2
			if gap := r.dialled[i].Sub(r.dialled[i-1]); gap < least || gap > 2*least+50*time.Millisecond {
				t.Errorf("dial %d after %v", i, gap)
			}
		}
		if n := r.dials(); n < 18 || n > 43 {
			t.Errorf("%d dials in five minutes", n)
		}
		r.refuse = nil
		time.Sleep(16 * time.Second)
		if err := send(t.Context(), p, "r@mail.test"); err != nil || p.Stats().Down != nil {
			t.Error(err)
		}
	})
}

// While one dial is tried no other begins, and messages wait for it, which may carry
// them.
func TestOneTrial(t *testing.T) {
	for _, comes := range []bool{false, true} {
		hang := make(chan struct{})
		r := &relay{}
		r.refuse = func(n int) error {
			if n > 0 {
				<-hang
				if comes {
					return nil
				}
			}
			return errNetwork
		}
		bubble(t, r, pool.Config{MaxConns: 8}, func(t *testing.T, p *pool.Pool) {
			hang = make(chan struct{})
			send(t.Context(), p, "r@mail.test")
			time.Sleep(2 * time.Second)
			all := make(chan []error, 1)
			go func() { all <- sendAll(t.Context(), p, 20) }()
			synctest.Wait()
			if r.dials() != 2 || len(all) != 0 {
				t.Errorf("%d dials", r.dials())
			}
			close(hang)
			for _, err := range <-all {
				var down *pool.DownError
				if comes != (err == nil) || !comes && !errors.As(err, &down) {
					t.Error(err)
				}
			}
		})
	}
}

// With WaitWhileDown messages wait for the relay, within their context.
func TestWait(t *testing.T) {
	r := &relay{}
	bubble(t, r, pool.Config{WaitWhileDown: true, MaxRetryDelay: 10 * time.Second}, func(t *testing.T, p *pool.Pool) {
		back := time.Now().Add(time.Minute)
		r.refuse = func(int) error {
			if time.Now().Before(back) {
				return errNetwork
			}
			return nil
		}
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			err := send(ctx, p, "short@mail.test")
			if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errNetwork) || outcome(err) != smtpconn.NotSent {
				t.Error(err)
			}
		}()
		if err := errors.Join(sendAll(t.Context(), p, 50)...); err != nil || r.took() != 50 {
			t.Error(err)
		}
		if late := time.Since(back); late > 10*time.Second {
			t.Errorf("back for %v", late)
		}
	})
}

// What time does not mend is not waited for, and dialled rarely.
func TestPermanent(t *testing.T) {
	for name, cause := range map[string]error{
		"certificate": x509.UnknownAuthorityError{},
		"policy":      &policy.Violation{Reason: policy.ErrNotOffered},
	} {
		r := &relay{refuse: func(int) error { return cause }}
		bubble(t, r, pool.Config{WaitWhileDown: true}, func(t *testing.T, p *pool.Pool) {
			begin := time.Now()
			for range 10 {
				err := send(t.Context(), p, "r@mail.test")
				var failed *smtpconn.SendError
				if !errors.As(err, &failed) || failed.Temporary() || !errors.Is(err, cause) {
					t.Error(name, err)
				}
			}
			for range 28 { // MaxRetryDelay is a minute, and half of that by chance
				time.Sleep(time.Second)
				send(t.Context(), p, "r@mail.test")
			}
			if r.dials() != 1 || time.Since(begin) != 28*time.Second || p.Stats().Retries != 0 {
				t.Errorf("%s: %d dials in %v", name, r.dials(), time.Since(begin))
			}
		})
	}
}

// A relay that serves is not down because it wants no second connection, nor
// when the connection has nothing to do.
func TestSecondConnectionRefused(t *testing.T) {
	r := &relay{refuse: func(n int) error {
		if n > 0 {
			return errNetwork
		}
		return nil
	}}
	hold := make(chan struct{})
	r.answer = func(_ int, command, usual string) string {
		if command == ".slow@mail.test" {
			<-hold
		}
		return usual
	}
	bubble(t, r, pool.Config{MaxConns: 2}, func(t *testing.T, p *pool.Pool) {
		hold = make(chan struct{})
		if err := send(t.Context(), p, "r@mail.test"); err != nil {
			t.Fatal(err)
		}
		slow, second := make(chan error, 1), make(chan error, 1)
		go func() { slow <- send(t.Context(), p, "slow@mail.test") }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		go func() { second <- send(ctx, p, "second@mail.test") }()
		synctest.Wait()
		if s := p.Stats(); s.Down != nil || s.DialFailures != 1 {
			t.Errorf("busy: %+v", s)
		}
		cancel()
		var down *pool.DownError
		if err := <-second; outcome(err) != smtpconn.NotSent || errors.As(err, &down) {
			t.Error(err)
		}
		close(hold)
		if err := <-slow; err != nil {
			t.Error(err)
		}
	})

	together := make(chan struct{}) // one connection is made when the other has failed
	r = &relay{}
	r.refuse = func(n int) error {
		if n == 1 {
			return errNetwork
		}
		return nil
	}
	r.answer = func(_ int, command, usual string) string {
		if command == "greeting" {
			<-together
		}
		return usual
	}
	bubble(t, r, pool.Config{MaxConns: 2}, func(t *testing.T, p *pool.Pool) {
		together = make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan []error, 1)
		go func() { done <- sendAll(ctx, p, 2) }()
		synctest.Wait()
		if p.Stats().Down == nil {
			t.Error("no connection yet, and one failed")
		}
		cancel()
		<-done
		close(together)
		synctest.Wait()
		if s := p.Stats(); s.Down != nil || s.Idle != 1 {
			t.Errorf("idle: %+v", s)
		}
		r.srv.HangUp()
		synctest.Wait()
		if p.Stats().Down == nil {
			t.Error("the last connection is gone")
		}
	})
}

// The error says which day, of which zone, and does not speak of a message: it
// is that of every message. What the server or the network said is in its chain.
func TestDownErrorText(t *testing.T) {
	since := time.Date(2026, 11, 23, 0, 8, 15, 0, time.FixedZone("", 3600))
	text := (&pool.DownError{Since: since, Err: errNetwork}).Error()
	if want := "pool: no usable connection to the relay since 2026-11-22 23:08:15 UTC: dial tcp: connection refused"; text != want {
		t.Error(text)
	}
	for _, c := range []struct {
		at, words, want string
		is              error
		code            int
	}{
		{".", "-", "no reply to the end of the message", os.ErrDeadlineExceeded, 0},
		{".", "", "server closed the connection", io.EOF, 0},
		{".", "421 4.3.2 going", "421", nil, 421},
		{"RCPT", "421 4.3.2 going", "421", nil, 421},
		{"DATA", "421 4.3.2 going", "421", nil, 421},
	} {
		r := &relay{answer: func(_ int, command, usual string) string {
			if strings.HasPrefix(command, c.at) {
				return c.words
			}
			return usual
		}}
		bubble(t, r, pool.Config{MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
			send(t.Context(), p, "first@mail.test")
			err := send(t.Context(), p, "second@mail.test")
			var down *pool.DownError
			var failed *smtpconn.SendError
			var said *smtp.SMTPError
			switch {
			case !errors.As(err, &down) || errors.As(down.Err, &failed):
				t.Errorf("%s %q: %v", c.at, c.words, err)
			case !strings.Contains(down.Error(), c.want) || strings.Contains(down.Error(), "not sent") || strings.Contains(down.Error(), "in doubt"):
				t.Errorf("%s %q: %v", c.at, c.words, down)
			case c.is != nil && !errors.Is(err, c.is), c.code != 0 && (!errors.As(err, &said) || said.Code != c.code):
				t.Errorf("%s %q: the cause is lost: %v", c.at, c.words, err)
			default:
				t.Log(err)
			}
		})
	}
}
