package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// Relay sends messages. A [*pool.Pool] is one, and so is the Sender of package mx.
//
// The error of Send is a [*smtpconn.SendError]. Send calls Envelope.BeforeEnd before
// every end of the message that it gives to a connection. Of another error it is taken
// that the message was not sent if BeforeEnd has not returned nil, and that it is in
// doubt otherwise. Send must return when ctx ends.
type Relay interface {
	// Send sends a message once.
	Send(ctx context.Context, e smtpconn.Envelope, content io.ReadSeeker) (*smtpconn.Receipt, error)
	// Close lets what is under way end within ctx.
	Close(ctx context.Context) error
}

var _ Relay = (*pool.Pool)(nil)

// Config says where messages go, and which functions are told of their ends. No field
// may be negative, except KeepIDs.
type Config struct {
	// Relays are tried in this order, and closed by Close. At least one.
	Relays []Relay

	// Result is called with the end of each recipient until it returns nil. After an
	// error it is called again after RetryDelay, and so on as for attempts to send.
	// nil takes every result as told. It may be called by as many goroutines at once as
	// Workers says, and must return when ctx ends.
	Result func(context.Context, Result) error

	// Doubt is called with each recipient for which a message is in doubt, once in every
	// run, by as many goroutines at once as Result. It may be nil. With ResendInDoubt it
	// is called only for what remains in doubt.
	Doubt func(context.Context, Result)

	// ResendInDoubt sends what is in doubt again, to the same relay. It may arrive twice.
	// What was sent through a relay that is not in Relays any more remains in doubt.
	ResendInDoubt bool

	// Expire is how long after Put a message may wait. It expires after an attempt that
	// has failed after that time. Zero means 5 days.
	Expire time.Duration

	// RetryDelay is how long to wait before the second attempt. It doubles with each, is
	// between half and all of that, by chance, and never more than MaxRetryDelay, which
	// must not be shorter. Zero means a minute, and an hour for MaxRetryDelay, or as
	// much as the other needs.
	RetryDelay, MaxRetryDelay time.Duration

	// Workers is how many messages are being sent at once; zero means 4. A relay is
	// fastest with several times as many workers as it has connections.
	Workers int

	// KeepIDs is how long the id of a message is kept after its end was told, so that a
	// second Put is noticed. Zero means a week, and a negative time that it is not kept.
	KeepIDs time.Duration

	// MaxMessages bounds the messages that are held, in whatever state. Beyond that Put
	// fails with ErrFull. Zero means 250,000.
	MaxMessages int
}

// prepared returns the configuration with its defaults, or what is wrong with it.
func (c Config) prepared() (Config, error) {
	if len(c.Relays) == 0 {
		return c, errors.New("outbox: Config.Relays is empty")
	}
	for i, r := range c.Relays {
		if r == nil {
			return c, fmt.Errorf("outbox: Config.Relays[%d] is nil", i)
		}
		if p, ok := r.(interface{ RetriesInDoubt() bool }); ok && p.RetriesInDoubt() {
			return c, fmt.Errorf("outbox: Config.Relays[%d] is a pool with RetryInDoubt, which would send messages twice; use Config.ResendInDoubt", i)
		}
	}
	if min(c.Expire, c.RetryDelay, c.MaxRetryDelay) < 0 || min(c.Workers, c.MaxMessages) < 0 {
		return c, errors.New("outbox: a field of Config is negative")
	}
	c.Expire = cmp.Or(c.Expire, 5*24*time.Hour)
	c.RetryDelay = cmp.Or(c.RetryDelay, time.Minute)
	c.MaxRetryDelay = cmp.Or(c.MaxRetryDelay, max(time.Hour, c.RetryDelay))
	c.Workers = cmp.Or(c.Workers, 4)
	c.KeepIDs = cmp.Or(c.KeepIDs, 7*24*time.Hour)
	c.MaxMessages = cmp.Or(c.MaxMessages, 250_000)
	if c.MaxRetryDelay < c.RetryDelay {
		return c, errors.New("outbox: Config.MaxRetryDelay is shorter than RetryDelay")
	}
	c.Relays = slices.Clone(c.Relays)
	return c, nil
}
