package outage

import (
	"context"
	"errors"
	"time"
)

// saveTime is how long a program may take to save its position.
const saveTime = 30 * time.Second

// SaveContext returns the context in which a program saves its position. It does not end
// with ctx, since what was handled must be saved, but 30 seconds from now.
func SaveContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), saveTime)
}

// Ended returns the error of a Run: nil if err is that of ctx, which has ended, and
// otherwise err.
func Ended(ctx context.Context, err error) error {
	if ctx != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// Times are the times in a Config of a program that runs for months.
type Times struct {
	MinDelay, MaxDelay, Stable, LongDelay *time.Duration
	Others                                map[*time.Duration]time.Duration // other times, with their defaults
}

// Fill fills in the defaults: 1 second, 5 minutes, 1 minute and 30 minutes. It returns an
// error that begins with prefix, the name of a package, if a time is not valid.
func (t Times) Fill(prefix string) error {
	usual := map[*time.Duration]time.Duration{
		t.MinDelay: time.Second, t.MaxDelay: 5 * time.Minute, t.Stable: time.Minute, t.LongDelay: 30 * time.Minute,
	}
	for field, zero := range t.Others {
		usual[field] = zero
	}
	for field, zero := range usual {
		if *field < 0 {
			return errors.New(prefix + ": a time in Config is negative")
		}
		if *field == 0 {
			*field = zero
		}
	}
	if *t.MinDelay > *t.MaxDelay {
		return errors.New(prefix + ": Config.MinDelay is more than MaxDelay")
	}
	return nil
}
