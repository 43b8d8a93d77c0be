package pool_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A caller who leaves gets the truth at once, and the messages of others are sent.
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
		if outcome(err) != smtpconn.InDoubt || !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 10*time.Second {
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
		if count[0] != 4 || count[smtpconn.InDoubt] != 2 || count[smtpconn.NotSent] != 4 {
			t.Error(count)
		}
	})
}

// Close waits for no dial that no message is waiting for, and a dial that it
// breaks off is no failure of the relay.
func TestCloseWhileDialling(t *testing.T) {
	r := &relay{}
	r.answer = func(n int, command, usual string) string {
		switch {
		case command == "greeting" && n == 1:
			return "-" // and the dial hangs
		case command == "greeting":
			time.Sleep(time.Second) // until both are waiting
		}
		return usual
	}
	bubble(t, r, pool.Config{MaxConns: 2}, func(t *testing.T, p *pool.Pool) {
		if err := errors.Join(sendAll(t.Context(), p, 2)...); err != nil || r.dials() != 2 {
			t.Fatal(r.dials(), err)
		}
		begin := time.Now()
		if err := p.Close(context.Background()); err != nil || time.Since(begin) != 0 {
			t.Error(time.Since(begin), err)
		}
		if s := p.Stats(); s.Down != nil || s.DialFailures != 0 || r.said("QUIT") != 1 {
			t.Errorf("%d QUIT, %+v", r.said("QUIT"), s)
		}
	})
}

// The reply to QUIT is waited for, but not for long.
func TestCloseWithoutFarewell(t *testing.T) {
	r := &relay{answer: func(_ int, command, usual string) string {
		if command == "QUIT" {
			return "-"
		}
		return usual
	}}
	bubble(t, r, pool.Config{}, func(t *testing.T, p *pool.Pool) {
		if err := send(t.Context(), p, "r@mail.test"); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if err := p.Close(context.Background()); err != nil || time.Since(begin) > 5*time.Second {
			t.Error(time.Since(begin), err)
		}
	})
}

// The one behind it loses no attempt, on a connection that has answered for
// nothing yet either.
func TestLeavingInFrontOfAnother(t *testing.T) {
	r := &relay{answer: func(_ int, command, usual string) string {
		switch {
		case command == ".slow@mail.test":
			time.Sleep(10 * time.Second)
		case strings.HasPrefix(command, "EHLO"):
			time.Sleep(time.Second) // until both are waiting
		}
		return usual
	}}
	bubble(t, r, pool.Config{MaxConns: 1, MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		slow, behind := make(chan error, 1), make(chan error, 1)
		go func() { slow <- send(ctx, p, "slow@mail.test") }()
		synctest.Wait()
		go func() { behind <- send(t.Context(), p, "behind@mail.test") }()
		if err := <-slow; outcome(err) != smtpconn.InDoubt {
			t.Error(err)
		}
		if err := <-behind; err != nil || r.dials() != 2 {
			t.Error(err, r.commands)
		}
	})
}
