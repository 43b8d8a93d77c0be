package pool_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A Send ends also where the delays are so small that the relay may be dialled again as
// soon as it has failed. The clock is the real one, because it must move between a
// failure and what follows from it; time decides nothing else here.
func TestSmallDelays(t *testing.T) {
	for _, c := range []struct{ at, reply string }{
		{"AUTH", "535 5.7.8 bad"},
		{"AUTH", "454 4.7.0 later"},
		{"greeting", "554 5.0.0 no"},
		{"greeting", "421 4.3.2 too many connections"},
		{"greeting", ""},
		{"EHLO", ""},
		{"MAIL", "421 4.7.0 too many connections"},
		{"MAIL", "450 4.7.0 later"},
		{"MAIL", ""},
		{".", "451 4.3.0 later"},
	} {
		for _, delay := range []time.Duration{1, time.Microsecond, time.Millisecond} {
			for _, messages := range []int{1, 5} {
				r := withAuth(func(_ int, command, usual string) string {
					if strings.HasPrefix(command, c.at) {
						return c.reply
					}
					return usual
				})
				name := fmt.Sprintf("%s %q, delay %v, %d messages", c.at, c.reply, delay, messages)
				refused(t, name, r, pool.Config{MaxRetryDelay: delay, Options: &smtpconn.Options{Auth: login}}, messages)
			}
		}
	}
}

// refused sends messages which all fail, before a number of dials that only tries without
// end come to: while one of the first dials is slow, others follow each other.
func refused(t *testing.T, name string, r *relay, c pool.Config, messages int) {
	t.Helper()
	ctx, tooMany := context.WithCancelCause(t.Context())
	defer tooMany(nil)
	errStorm := errors.New("too many dials")
	r.refuse = func(n int) error {
		if n >= 10_000 {
			tooMany(errStorm)
		}
		return nil
	}
	for _, err := range sendAll(ctx, open(t, r, c), messages) {
		if outcome(err) == 0 || context.Cause(ctx) == errStorm {
			t.Errorf("%s: %d dials: %v", name, r.dials(), err)
		}
	}
}

// With WaitWhileDown and the smallest delay there is still a delay, so that the messages
// wait within their context.
func TestSmallestDelay(t *testing.T) {
	r := &relay{refuse: func(int) error { return errNetwork }}
	bubble(t, r, pool.Config{MaxRetryDelay: 1, WaitWhileDown: true}, func(t *testing.T, p *pool.Pool) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Nanosecond)
		defer cancel()
		if err := send(ctx, p, "r@mail.test"); !errors.Is(err, context.DeadlineExceeded) || r.dials() > 101 {
			t.Errorf("%d dials: %v", r.dials(), err)
		}
	})
}
