package outage

import (
	"context"
	"time"
)

// How to see that the machine was asleep: the wall clock has run ahead of the timers, which
// stand still on many systems meanwhile.
const (
	asleep = 10 * time.Second
	// Glance is how often to look at Slept.
	Glance = 30 * time.Second
)

// Sleep looks for a sleep of the machine.
type Sleep struct {
	clock       func() time.Time
	begun, wall time.Time
}

// NewSleep returns a Sleep that begins now. clock is the wall clock.
func NewSleep(clock func() time.Time) *Sleep {
	return &Sleep{clock: clock, begun: time.Now(), wall: clock()}
}

// Slept reports whether the machine has slept.
func (s *Sleep) Slept() bool { return s.clock().Sub(s.wall)-time.Since(s.begun) > asleep }

// Wait waits until next, for a receive from nudge, or for the end of a sleep of the
// machine, and in any case until earliest, which a sleep makes later by its length: timers
// stand still meanwhile. A nudge that is closed counts as nil.
func Wait(ctx context.Context, next, earliest time.Time, nudge <-chan struct{}, clock func() time.Time) error {
	sleep := NewSleep(clock)
	for slept := false; !slept && time.Now().Before(next); slept = sleep.Slept() {
		select {
		case <-time.After(min(time.Until(next), Glance)):
		case _, open := <-nudge:
			if nudge = nil; open {
				next = time.Now()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	select {
	case <-time.After(time.Until(earliest)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
