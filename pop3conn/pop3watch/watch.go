package pop3watch

import (
	"context"
	"errors"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/pop3conn"
)

// watch is one Run or Once.
type watch struct {
	Config
	notes map[string]Note // what Seen holds

	// slow has the keys of messages that did not come to their end in an earlier look.
	// They come last, so that none of them keeps others from being handled.
	slow map[string]bool

	begun      time.Time     // the last look
	login      time.Time     // its login, or try
	loginDelay time.Duration // how far apart logins must be
	failures   int           // tries that failed, since the last that did not
}

// Run looks into the mailbox until ctx ends, which is no error, Handle or Seen returns
// an error, or nothing can be done without a person: then the error is a [*dial.Error].
// It waits for other processes that use the same Seen.
func Run(ctx context.Context, c Config) (err error) {
	w, err := c.open(ctx)
	if err == nil {
		defer func() { err = wire.Join(err, w.Seen.Release()) }()
		err = w.run(ctx)
	}
	if ctx != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// Once looks into the mailbox once. It returns nil if all that is new was handled, and
// all that was to be deleted is gone. Without Config.Refused the error holds one for
// each message that could not be had or deleted; if nothing else went wrong the others
// were handled. An outage is a [*dial.Error].
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
	return &watch{Config: c, notes: notes, slow: map[string]bool{}}, nil
}

func (w *watch) run(ctx context.Context) error {
	for {
		err := w.look(ctx)
		failed, outage := err.(*dial.Error) // Handle's errors may hold one that is none of ours
		next := w.begun.Add(w.Every)
		switch {
		case err != nil && !outage, outage && isPermanent(failed):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case outage:
			next = time.Now().Add(w.pause(failed))
			if w.Down != nil {
				w.Down(failed, next)
			}
		default:
			w.failures = 0
		}
		if err := w.wait(ctx, next); err != nil {
			return err
		}
	}
}

// asleep is by how much the wall clock must have run ahead to show that the machine was
// asleep, and glance how often it is looked at.
const (
	asleep = 10 * time.Second
	glance = 30 * time.Second
)

// wait waits for the time of the next look, a Nudge, or the end of a sleep of the
// machine, and in any case until MinDelay is over and the server allows another login.
func (w *watch) wait(ctx context.Context, next time.Time) error {
	begun, wall := time.Now(), w.clock()
	nudge := w.Nudge
	for slept := false; !slept && time.Now().Before(next); {
		select {
		case <-time.After(min(time.Until(next), glance)):
		case _, open := <-nudge:
			if nudge = nil; open {
				next = time.Now()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		// The timers of many systems stand still while the machine sleeps.
		slept = w.clock().Sub(wall)-time.Since(begun) > asleep
	}
	select {
	case <-time.After(time.Until(w.login.Add(max(w.loginDelay, w.MinDelay)))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
