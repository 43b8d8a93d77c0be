package outage

import (
	"context"
	"time"
)

// A machine has slept if the wall clock has run ahead of the timers, which on many systems
// do not run meanwhile.
const (
	asleep = 10 * time.Second // how far ahead
	// Glance is the time between two calls of Slept.
	Glance = 30 * time.Second
)

// Sleep detects that the machine has slept.
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

// Wait waits until next, until it receives from nudge, or until the machine has slept. In
// any case it waits until earliest; the time of a sleep does not count, since timers do
// not run meanwhile. A nudge that is closed is ignored.
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
