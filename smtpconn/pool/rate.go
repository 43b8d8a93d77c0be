package pool

import (
	"context"
	"math"
	"time"
)

// rate lets messages go at moments of its own, in the order in which they come. A message
// whose caller has left leaves its moment to the next.
type rate struct {
	interval time.Duration // zero: at any time
	saved    time.Duration // as many moments as may be missed and made up for
	turn     chan struct{} // has room for the message that is next
	next     time.Time     // its moment, as if there were no burst
}

func newRate(perSecond float64, burst int) *rate {
	r := &rate{turn: make(chan struct{}, 1)}
	if perSecond > 0 {
		r.interval = duration(float64(time.Second) / perSecond)
		r.saved = duration(float64(r.interval) * float64(burst-1))
	}
	return r
}

// duration returns as many nanoseconds, a century at most.
func duration(ns float64) time.Duration {
	const century = 100 * 365 * 24 * time.Hour
	return time.Duration(math.Min(ns, float64(century)))
}

// wait returns when a message may go, or the context has ended.
func (r *rate) wait(ctx context.Context) error {
	if r.interval == 0 {
		return nil
	}
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-r.turn }()
	now := time.Now()
	if earliest := now.Add(-r.saved); r.next.Before(earliest) {
		r.next = earliest
	}
	if err := sleep(ctx, r.next.Sub(now)); err != nil {
		return err
	}
	r.next = r.next.Add(r.interval)
	return nil
}

// sleep waits, and fails if ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
