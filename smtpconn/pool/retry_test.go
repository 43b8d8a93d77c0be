package pool_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

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
		{".", "", 1, smtpconn.InDoubt},
		{"MAIL", "", 4 + 3, smtpconn.NotSent}, // as many connections as there may be fail for free
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
			if s := p.Stats(); s.Retries != c.attempts-1 || s.Refused+s.InDoubt+s.NotSent != 1 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// An outcome in doubt is tried again only on request, and stays in doubt unless
// there is a receipt.
func TestRetryInDoubt(t *testing.T) {
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
		bubble(t, r, pool.Config{RetryInDoubt: true}, func(t *testing.T, p *pool.Pool) {
			err := send(t.Context(), p, "r@mail.test")
			if n != 2 || (then[0] == '2') != (err == nil) || err != nil && outcome(err) != smtpconn.InDoubt {
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
