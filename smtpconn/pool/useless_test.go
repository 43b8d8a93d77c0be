package pool_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A relay that accepts connections and hangs up on each before it has answered
// for a message is down: wherever it does, with words or without, and however
// many messages wait, it is not dialled for every message.
func TestUseless(t *testing.T) {
	for _, at := range []string{"EHLO", "MAIL", "RCPT", "DATA", "."} {
		for _, words := range []string{"", "421 4.3.2 going"} {
			for _, callers := range []int{1, 20} {
				r := &relay{answer: func(_ int, command, usual string) string {
					if strings.HasPrefix(command, at) {
						return words
					}
					return usual
				}}
				bubble(t, r, pool.Config{MaxConns: 8, MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
					for range 600 {
						for _, err := range sendAll(t.Context(), p, callers) {
							if err == nil {
								t.Error("sent")
							}
						}
						time.Sleep(100 * time.Millisecond)
					}
					// Eight at first, and then one at a time.
					if n := r.dials(); n > 12+min(callers, 8) || n < 6 || p.Stats().Down == nil {
						t.Errorf("%s, %q, %d callers: %d dials in a minute", at, words, callers, n)
					}
					r.mu.Lock()
					r.answer = nil
					r.mu.Unlock()
					time.Sleep(time.Minute)
					err := send(t.Context(), p, "r@mail.test")
					if err := errors.Join(append(sendAll(t.Context(), p, 20), err)...); err != nil {
						t.Error(err)
					}
					if p.Stats().Down != nil {
						t.Error(p.Stats().Down)
					}
				})
			}
		}
	}
}

// So it is with messages that wait for better days.
func TestUselessAndWait(t *testing.T) {
	r := &relay{answer: func(_ int, command, usual string) string {
		if strings.HasPrefix(command, "MAIL") {
			return ""
		}
		return usual
	}}
	bubble(t, r, pool.Config{MaxConns: 8, WaitWhileDown: true, MaxAttempts: 100}, func(t *testing.T, p *pool.Pool) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		for _, err := range sendAll(ctx, p, 20) {
			if outcome(err) != smtpconn.NotSent {
				t.Error(err)
			}
		}
		if n := r.dials(); n > 20 {
			t.Errorf("%d dials in two minutes", n)
		}
	})
}

// A relay that takes a message on each connection and then hangs up is up.
func TestOneEach(t *testing.T) {
	r := &relay{}
	r.answer = func(n int, command, usual string) string {
		if strings.HasPrefix(command, "MAIL") && r.took() > n {
			return ""
		}
		return usual
	}
	bubble(t, r, pool.Config{MaxConns: 1, MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
		for i := range 20 {
			if err := send(t.Context(), p, fmt.Sprintf("r%d@mail.test", i)); err != nil {
				t.Error(i, err)
			}
		}
		if p.Stats().Down != nil || r.took() != 20 {
			t.Error(p.Stats())
		}
	})
}

// What the relay says to an idle connection, or that it hangs up, costs no
// attempt: nothing is said to it.
func TestIdleWords(t *testing.T) {
	for _, words := range []string{"", "250 2.0.0 ok\r\n", "421 4.3.2 going\r\n"} {
		r := &relay{}
		bubble(t, r, pool.Config{MaxAttempts: 1}, func(t *testing.T, p *pool.Pool) {
			if err := send(t.Context(), p, "r@mail.test"); err != nil {
				t.Error(err)
			}
			if io.WriteString(r.conns[0], words); words == "" {
				r.conns[0].Close()
			}
			synctest.Wait()
			if err := send(t.Context(), p, "r@mail.test"); err != nil || p.Stats().Retries != 0 || r.dials() != 2 || r.said("QUIT") != 0 {
				t.Errorf("%q: %v, %+v", words, err, p.Stats())
			}
		})
	}
}

// While a relay takes no message, each that waits is tried in turn: none loses all its
// attempts to it.
func TestTriedInTurn(t *testing.T) {
	var tried atomic.Int32
	r := &relay{answer: func(_ int, command, usual string) string {
		if strings.HasPrefix(command, "MAIL") && tried.Add(1) <= 9 {
			return "421 4.3.2 too many connections"
		}
		return usual
	}}
	bubble(t, r, pool.Config{MaxConns: 2, MaxAttempts: 1, WaitWhileDown: true}, func(t *testing.T, p *pool.Pool) {
		if err := errors.Join(sendAll(t.Context(), p, 10)...); err != nil {
			t.Error(err)
		}
	})
}
