package pop3watch

import (
	"context"
	"errors"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/outage"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/pop3conn"
)

// watch is one Run or Once.
type watch struct {
	Config
	notes map[string]Note // what Seen holds

	begun      time.Time     // when the last look began
	login      time.Time     // when its login had succeeded or failed
	loginDelay time.Duration // how far apart logins must be
	tries      outage.Tries
}

// Run looks into the mailbox until one of these happens:
//
//   - ctx ends: Run returns nil.
//   - Handle or Seen returns an error: Run returns it.
//   - Only a person can help, as with a wrong password: Run returns a [*dial.Error].
//
// If another process uses the same notes, Run first waits until it releases them.
func Run(ctx context.Context, c Config) (err error) {
	w, err := c.open(ctx)
	if err == nil {
		defer func() { err = wire.Join(err, w.Seen.Release()) }()
		err = w.run(ctx)
	}
	return outage.Ended(ctx, err)
}

// Once looks into the mailbox once. It returns nil if all new messages were handled, and
// all that were due were deleted. An outage is a [*dial.Error]. If Config.Refused is nil,
// the error also wraps one for each message that could not be retrieved or deleted,
// which does not keep Once from handling the others.
func Once(ctx context.Context, c Config) (err error) {
	var refused []error
	if c.Refused == nil {
		c.Refused = func(_ pop3conn.Listing, err error) { refused = append(refused, err) }
	}
	w, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = wire.Join(err, w.Seen.Release()) }()
	err = w.look(ctx)
	return wire.Join(append(refused, err)...)
}

// open checks the Config, and loads the notes.
func (c Config) open(ctx context.Context) (*watch, error) {
	if ctx == nil {
		return nil, errors.New("pop3watch: nil context")
	}
	c, err := c.normal()
	if err != nil {
		return nil, err
	}
	notes, err := c.Seen.Load(ctx)
	if err != nil {
		return nil, err
	}
	tries := outage.Tries{Min: c.MinDelay, Max: c.MaxDelay, Long: c.LongDelay}
	return &watch{Config: c, notes: notes, tries: tries}, nil
}

func (w *watch) run(ctx context.Context) error {
	for {
		err := w.look(ctx)
		failed, ours := err.(*dial.Error) // not of Handle, whose error may wrap one of another connection
		next := w.begun.Add(w.Every)
		switch {
		case err != nil && !ours, ours && w.isPermanent(failed):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case ours:
			next = time.Now().Add(w.pause(failed))
			if w.Down != nil {
				w.Down(failed, next)
			}
		default:
			w.tries.Reset()
		}
		earliest := w.login.Add(max(w.loginDelay, w.MinDelay)) // as the server allows another login
		if err := outage.Wait(ctx, next, earliest, w.Nudge, w.clock); err != nil {
			return err
		}
	}
}
