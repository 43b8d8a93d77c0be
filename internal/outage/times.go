package outage

import (
	"context"
	"errors"
	"time"
)

// saveTime is how long a program may take to note how far it is.
const saveTime = 30 * time.Second

// SaveContext returns the context in which a program notes what it has: it does not end with
// ctx, as what was handled must be noted, but 30 seconds from now.
func SaveContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), saveTime)
}

// Ended returns the error of a Run: none if it is that of ctx, which has ended.
func Ended(ctx context.Context, err error) error {
	if ctx != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// Times are the times in a Config of a program that runs for months.
type Times struct {
	MinDelay, MaxDelay, Stable, LongDelay *time.Duration
	Others                                map[*time.Duration]time.Duration // with what zero means
}

// Fill gives each time that is zero what that means: 1 second, 5 minutes, 1 minute and 30
// minutes. Its error says what is wrong with the times, and begins with the name of a package.
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
