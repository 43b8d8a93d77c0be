package pool_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// bubble runs f with a pool in a bubble, which finds goroutines left behind.
func bubble(t *testing.T, r *relay, c pool.Config, f func(t *testing.T, p *pool.Pool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, open(t, r, c)) })
}

func TestReuse(t *testing.T) {
	r := &relay{}
	bubble(t, r, pool.Config{MaxConns: 3}, func(t *testing.T, p *pool.Pool) {
		for range 200 {
			if err := send(t.Context(), p, "r@mail.test"); err != nil {
				t.Fatal(err)
			}
		}
		if r.dials() != 1 || r.took() != 200 {
			t.Errorf("%d dials for %d messages", r.dials(), r.took())
		}
		for _, err := range sendAll(t.Context(), p, 100) {
			if err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		s := p.Stats()
		if r.dials() != 3 || s.Conns != 3 || s.Idle != 3 || s.InFlight != 0 || s.Sent != 300 || s.Dials != 3 {
			t.Errorf("%d dials, %+v", r.dials(), s)
		}
	})
}

// Messages that wait for a connection go as a stream: the envelope of the next
// is there before the answer to the last.
func TestStreams(t *testing.T) {
	r := &relay{}
	r.answer = func(_ int, command, usual string) string {
		if command == "EHLO client.test" {
			time.Sleep(time.Second) // until all are waiting
		}
		return usual
	}
	bubble(t, r, pool.Config{MaxConns: 1}, func(t *testing.T, p *pool.Pool) {
		for _, err := range sendAll(t.Context(), p, 50) {
			if err != nil {
				t.Error(err)
			}
		}
		if r.took() != 50 || r.dials() != 1 || r.turns > 60 {
			t.Errorf("%d of 50, %d dials, %d turns", r.took(), r.dials(), r.turns)
		}
	})
}

// A connection is closed when it was idle, is old, or has served enough, with
// QUIT and without a Send.
func TestLimits(t *testing.T) {
	r := &relay{}
	bubble(t, r, pool.Config{IdleTime: time.Minute}, func(t *testing.T, p *pool.Pool) {
		for _, err := range sendAll(t.Context(), p, 3) {
			if err != nil {
				t.Error(err)
			}
		}
		time.Sleep(59 * time.Second)
		if p.Stats().Idle == 0 {
			t.Error("closed too early")
		}
		time.Sleep(2 * time.Second)
		if s := p.Stats(); s.Conns != 0 || r.said("QUIT") != r.dials() {
			t.Errorf("%+v, %d QUIT", s, r.said("QUIT"))
		}
	})
	r = &relay{}
	bubble(t, r, pool.Config{MessagesPerConn: 10, MaxConns: 2}, func(t *testing.T, p *pool.Pool) {
		sendAll(t.Context(), p, 100)
		synctest.Wait()
		if r.dials() < 10 || r.took() != 100 || r.said("QUIT") < 9 {
			t.Errorf("%d dials, %d messages, %d QUIT", r.dials(), r.took(), r.said("QUIT"))
		}
	})
	r = &relay{}
	bubble(t, r, pool.Config{MaxAge: time.Minute, IdleTime: time.Hour}, func(t *testing.T, p *pool.Pool) {
		for range 4 {
			send(t.Context(), p, "r@mail.test")
			time.Sleep(35 * time.Second)
		}
		if r.dials() != 2 || r.took() != 4 {
			t.Errorf("%d dials, %d messages", r.dials(), r.took())
		}
	})
}

// Connections that died while they were idle cost neither a message nor an
// attempt.
func TestStale(t *testing.T) {
	r := &relay{}
	bubble(t, r, pool.Config{MaxConns: 8, MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
		for range 2 {
			for i, err := range sendAll(t.Context(), p, 100) {
				if err != nil {
					t.Error(i, err)
				}
			}
			synctest.Wait()
			r.hangUp()
		}
		if r.took() != 200 {
			t.Error(r.took())
		}
	})
}

// Temporary refusals are tried again after a while, in bounds; nothing else is.
func TestRetry(t *testing.T) {
	for _, c := range []struct {
		at, reply string
		attempts  int
		outcome   smtpconn.Outcome
	}{
		{".", "451 4.3.0 later", 3, smtpconn.Refused},
		{".", "550 5.7.1 no", 1, smtpconn.Refused},
		{"RCPT", "450 4.2.0 greylisted", 3, smtpconn.Refused},
		{"RCPT", "550 5.1.1 nobody", 1, smtpconn.Refused},
		{".", "", 1, smtpconn.Unknown},
		{"MAIL", "", 3, smtpconn.NotSent},
	} {
		r := &relay{}
		attempts := 0
		r.answer = func(_ int, command, usual string) string {
			if !strings.HasPrefix(command, c.at) {
				return usual
			}
			attempts++
			return c.reply
		}
		bubble(t, r, pool.Config{WaitWhileDown: true}, func(t *testing.T, p *pool.Pool) {
			err := send(t.Context(), p, "r@mail.test")
			if attempts != c.attempts || outcome(err) != c.outcome {
				t.Errorf("%s %q: %d attempts, %v", c.at, c.reply, attempts, err)
			}
			if s := p.Stats(); s.Retries != c.attempts-1 || s.Refused+s.Unknown+s.NotSent != 1 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// An unknown outcome is tried again only on request, and stays unknown unless
// there is a receipt.
func TestRetryUnknown(t *testing.T) {
	for _, then := range []string{"250 2.0.0 queued", "550 5.0.0 no"} {
		r, n := &relay{}, 0
		r.answer = func(_ int, command, usual string) string {
			if !strings.HasPrefix(command, ".") {
				return usual
			}
			if n++; n == 1 {
				return ""
			}
			return then
		}
		bubble(t, r, pool.Config{RetryUnknown: true}, func(t *testing.T, p *pool.Pool) {
			err := send(t.Context(), p, "r@mail.test")
			if n != 2 || (then[0] == '2') != (err == nil) || err != nil && outcome(err) != smtpconn.Unknown {
				t.Errorf("%d attempts, then %s: %v", n, then, err)
			}
		})
	}
}

// The context ends the wait for another attempt, with the last outcome.
func TestRetryContext(t *testing.T) {
	r := &relay{answer: func(_ int, command, usual string) string {
		if command == ".r@mail.test" {
			return "451 4.3.0 later"
		}
		return usual
	}}
	bubble(t, r, pool.Config{MaxAttempts: 100, RetryDelay: time.Minute}, func(t *testing.T, p *pool.Pool) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		begin := time.Now()
		if err := send(ctx, p, "r@mail.test"); outcome(err) != smtpconn.Refused || time.Since(begin) != 20*time.Second {
			t.Error(time.Since(begin), err)
		}
	})
}

func TestRate(t *testing.T) {
	r := &relay{}
	bubble(t, r, pool.Config{RatePerSecond: 10, Burst: 5}, func(t *testing.T, p *pool.Pool) {
		begin := time.Now()
		sendAll(t.Context(), p, 25)
		if took := time.Since(begin); took != 2*time.Second || r.took() != 25 {
			t.Errorf("%d messages in %v", r.took(), took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := send(ctx, p, "r@mail.test"); !errors.Is(err, context.DeadlineExceeded) || outcome(err) != smtpconn.NotSent {
			t.Error(err)
		}
	})
}

// A caller who leaves gets the truth at once, and takes nobody along.
func TestLeaving(t *testing.T) {
	r := &relay{}
	r.answer = func(_ int, command, usual string) string {
		if command == ".slow@mail.test" {
			return "-"
		}
		return usual
	}
	bubble(t, r, pool.Config{MaxConns: 1, MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
		if err := send(t.Context(), p, "first@mail.test"); err != nil {
			t.Fatal(err)
		}
		ctx := func(d time.Duration) context.Context {
			c, cancel := context.WithTimeout(t.Context(), d)
			t.Cleanup(cancel)
			return c
		}
		begin := time.Now()
		later := func(ctx context.Context, name string) chan error {
			err := make(chan error, 1)
			go func() { err <- send(ctx, p, name+"@mail.test") }()
			synctest.Wait()
			return err
		}
		slow, second, third := later(ctx(10*time.Second), "slow"), later(ctx(5*time.Second), "second"), later(t.Context(), "third")
		err := <-second
		if outcome(err) != smtpconn.NotSent || !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 5*time.Second {
			t.Error("second", time.Since(begin), err)
		}
		err = <-slow
		if outcome(err) != smtpconn.Unknown || !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 10*time.Second {
			t.Error("slow", time.Since(begin), err)
		}
		if err := <-third; err != nil {
			t.Error("third", err)
		}
		if r.committed["second@mail.test"] != 0 || r.committed["third@mail.test"] != 1 {
			t.Error(r.committed)
		}
	})
}

// One whose caller leaves while its envelope is out is not sent, and the
// connection's others are not lost.
func TestLeavingBehindAnother(t *testing.T) {
	r := &relay{}
	r.answer = func(_ int, command, usual string) string {
		switch {
		case strings.HasPrefix(command, ".first"):
			time.Sleep(10 * time.Second)
		case strings.HasPrefix(command, "EHLO"):
			time.Sleep(time.Second) // until both are waiting
		}
		return usual
	}
	bubble(t, r, pool.Config{MaxConns: 1}, func(t *testing.T, p *pool.Pool) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		later := func(ctx context.Context, name string) chan error {
			err := make(chan error, 1)
			go func() { err <- send(ctx, p, name+"@mail.test") }()
			return err
		}
		first := later(t.Context(), "first")
		synctest.Wait()
		second := later(ctx, "second")
		if err := <-second; outcome(err) != smtpconn.NotSent || time.Since(begin) != 5*time.Second {
			t.Error("second", time.Since(begin), err)
		}
		if err := errors.Join(<-first, <-later(t.Context(), "third")); err != nil {
			t.Error(err)
		}
		if r.committed["second@mail.test"] != 0 || r.took() != 2 {
			t.Error(r.committed)
		}
	})
}

func TestClose(t *testing.T) {
	slow := func(_ int, command, usual string) string {
		if strings.HasPrefix(command, ".") {
			time.Sleep(time.Second)
		}
		return usual
	}
	r := &relay{answer: slow}
	bubble(t, r, pool.Config{MaxConns: 2}, func(t *testing.T, p *pool.Pool) { // drains
		done := make(chan []error)
		go func() { done <- sendAll(t.Context(), p, 10) }()
		synctest.Wait()
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := errors.Join(<-done...); err != nil || r.took() != 10 || r.said("QUIT") != 2 {
			t.Error(err, r.took(), r.said("QUIT"))
		}
		if err := send(t.Context(), p, "r@mail.test"); !errors.Is(err, pool.ErrClosed) || outcome(err) != smtpconn.NotSent {
			t.Error(err)
		}
	})
	r = &relay{answer: slow}
	bubble(t, r, pool.Config{MaxConns: 2}, func(t *testing.T, p *pool.Pool) { // within its context
		done := make(chan []error)
		go func() { done <- sendAll(t.Context(), p, 10) }()
		synctest.Wait()
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		if err := p.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 2500*time.Millisecond {
			t.Error(time.Since(begin), err)
		}
		count := map[smtpconn.Outcome]int{}
		for _, err := range <-done {
			count[outcome(err)]++
			if err != nil && !errors.Is(err, pool.ErrClosed) {
				t.Error(err)
			}
		}
		if count[0] != 4 || count[smtpconn.Unknown] != 2 || count[smtpconn.NotSent] != 4 {
			t.Error(count)
		}
	})
}

func TestConfig(t *testing.T) {
	good := dial.Endpoint{Protocol: policy.Submission, Host: "mail.test", Policy: policy.ImplicitTLS}
	if _, err := pool.New(pool.Config{Endpoint: good}); err != nil {
		t.Error(err)
	}
	if _, err := pool.New(pool.Config{Endpoint: good, MaxConns: -1}); err == nil {
		t.Error("a negative limit")
	}
	good.Policy = 0
	if _, err := pool.New(pool.Config{Endpoint: good}); !errors.Is(err, policy.ErrUnset) {
		t.Error(err)
	}
	p, _ := pool.New(pool.Config{Endpoint: dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: policy.NoTLS}})
	//lint:ignore SA1012 that is what is tested
	if _, err := p.Send(nil, smtpconn.Envelope{}, nil); outcome(err) != smtpconn.NotSent {
		t.Error(err)
	}
	if _, err := p.Send(t.Context(), smtpconn.Envelope{}, nil); outcome(err) != smtpconn.NotSent {
		t.Error(err)
	}
}

// REQUIRETLS is not served by a connection that was not verified.
func TestRequireTLS(t *testing.T) {
	r := &relay{}
	bubble(t, r, pool.Config{}, func(t *testing.T, p *pool.Pool) {
		e, content := letter("r@mail.test")
		e.Mail = &smtp.MailOptions{RequireTLS: true}
		if _, err := p.Send(t.Context(), e, content); outcome(err) != smtpconn.NotSent || r.said("MAIL") != 0 || p.Stats().Retries != 0 {
			t.Error(err, r.said("MAIL"))
		}
	})
}
