package pool

import (
	"context"
	"sync"
	"time"
)

// rate hands out moments at which a message may go.
type rate struct {
	interval time.Duration // zero: at any time
	burst    int

	mu   sync.Mutex
	next time.Time // as if there were no burst
}

func newRate(perSecond float64, burst int) *rate {
	r := &rate{burst: burst}
	if perSecond > 0 {
		r.interval = time.Duration(float64(time.Second) / perSecond)
	}
	return r
}

// wait returns when a message may go, or the context has ended.
func (r *rate) wait(ctx context.Context) error {
	if r.interval == 0 {
		return nil
	}
	return sleep(ctx, r.take(time.Now()))
}

// take returns how long to wait for the next moment. It is the caller's, used
// or not: a relay that is too slow is not to get what was missed.
func (r *rate) take(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if earliest := now.Add(-time.Duration(r.burst-1) * r.interval); r.next.Before(earliest) {
		r.next = earliest
	}
	wait := r.next.Sub(now)
	r.next = r.next.Add(r.interval)
	return max(wait, 0)
}

// sleep waits, and fails if ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
