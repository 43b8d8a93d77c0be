package pool_test

import (
	"context"
	"errors"
	"math"
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

// Callers that leave while they wait for their moment do not use it up: those that come
// after a burst of them wait no longer than for the next.
func TestRateOfThoseWhoLeft(t *testing.T) {
	r := &relay{}
	bubble(t, r, pool.Config{RatePerSecond: 1}, func(t *testing.T, p *pool.Pool) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		sent := 0
		for _, err := range sendAll(ctx, p, 1000) {
			if err == nil {
				sent++
			}
		}
		begin := time.Now()
		if err := send(t.Context(), p, "r@mail.test"); err != nil || time.Since(begin) > time.Second || sent != 3 {
			t.Errorf("%d were sent in 2.5 s, and another after %v: %v", sent, time.Since(begin), err)
		}
	})
}

// Rates and bursts beyond what can be counted are as good as none.
func TestRateLimits(t *testing.T) {
	for _, c := range []pool.Config{{RatePerSecond: 1e-300}, {RatePerSecond: 1e300}, {RatePerSecond: math.Inf(1)}, {RatePerSecond: 100, Burst: math.MaxInt}} {
		bubble(t, &relay{}, c, func(t *testing.T, p *pool.Pool) {
			begin := time.Now()
			if err := send(t.Context(), p, "r@mail.test"); err != nil || time.Since(begin) > 0 {
				t.Errorf("%v, burst of %d: %v after %v", c.RatePerSecond, c.Burst, err, time.Since(begin))
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			if slow := c.RatePerSecond < 1; (send(ctx, p, "r@mail.test") != nil) != slow {
				t.Errorf("%v, burst of %d: the second", c.RatePerSecond, c.Burst)
			}
		})
	}
}
