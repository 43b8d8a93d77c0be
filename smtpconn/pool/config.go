package pool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/smtpconn"
)

// Config says what a Pool connects to, and within which limits. It is copied by
// [New]; what its pointers lead to must not be changed while the Pool is in use.
// No field may be negative.
type Config struct {
	// Endpoint and Options are those of [smtpconn.Dial]. All connections are
	// dialled with them, and so under one policy. nil means the zero Options.
	Endpoint dial.Endpoint
	Options  *smtpconn.Options

	// MaxConns is how many connections there may be at once; zero means 4.
	MaxConns int

	// IdleTime is after how long without a message a connection is closed.
	// Zero means a minute; servers hang up after a few.
	IdleTime time.Duration

	// MaxAge is after how long a connection takes no more messages; zero means
	// an hour. MessagesPerConn is after how many; zero means as many
	// as the server takes (RFC 9422).
	MaxAge          time.Duration
	MessagesPerConn int

	// RatePerSecond bounds the messages given to the relay in a second, those
	// tried again included; zero means no limit. Burst is how many may go at
	// once after a pause; zero means 1.
	RatePerSecond float64
	Burst         int

	// MaxAttempts bounds how often a message is tried; zero means 3, and 1
	// that nothing is tried again. A dial that fails costs no attempt, nor does a
	// connection that fails before the message's content was begun, or that served
	// before; of those there may be MaxConns for a message.
	MaxAttempts int

	// RetryDelay is how long to wait before the second attempt. It doubles
	// with each, is between half and all of that, by chance, and never more
	// than MaxRetryDelay, which must not be shorter. Dials of a relay that is
	// down keep the same distances. Zero means a second, and a minute for
	// MaxRetryDelay, or as much as the other needs.
	RetryDelay, MaxRetryDelay time.Duration

	// RetryInDoubt also tries messages again that are in doubt. They may arrive
	// twice.
	RetryInDoubt bool

	// WaitWhileDown makes Send wait within its context while the relay is down,
	// instead of failing. It does not wait for what time does not mend: a
	// certificate, a policy, a password. Nor does it lift MaxAttempts.
	WaitWhileDown bool
}

// complete returns c with its zero fields filled in, or what is wrong with it.
func (c Config) complete() (Config, error) {
	if err := c.negative(); err != nil {
		return c, err
	}
	c.MaxConns = cmp.Or(c.MaxConns, 4)
	c.IdleTime = cmp.Or(c.IdleTime, time.Minute)
	c.MaxAge = cmp.Or(c.MaxAge, time.Hour)
	c.Burst = cmp.Or(c.Burst, 1)
	c.MaxAttempts = cmp.Or(c.MaxAttempts, 3)
	if c.RetryDelay == 0 && c.MaxRetryDelay > 0 {
		c.RetryDelay = min(time.Second, c.MaxRetryDelay)
	}
	c.RetryDelay = cmp.Or(c.RetryDelay, time.Second)
	c.MaxRetryDelay = cmp.Or(c.MaxRetryDelay, max(time.Minute, c.RetryDelay))
	if c.MaxRetryDelay < c.RetryDelay {
		return c, fmt.Errorf("pool: Config.MaxRetryDelay is %v, less than RetryDelay, %v", c.MaxRetryDelay, c.RetryDelay)
	}
	o, d := smtpconn.Options{}, dial.Dialer{}
	if c.Options != nil {
		o = *c.Options
	}
	if o.Dialer != nil {
		d = *o.Dialer
	}
	o.Dialer = &d
	c.Options = &o
	return c, c.check()
}

// negative returns an error that names a field which must not be.
func (c Config) negative() error {
	for _, field := range []struct {
		name  string
		value float64
	}{
		{"MaxConns", float64(c.MaxConns)},
		{"IdleTime", float64(c.IdleTime)},
		{"MaxAge", float64(c.MaxAge)},
		{"MessagesPerConn", float64(c.MessagesPerConn)},
		{"RatePerSecond", c.RatePerSecond},
		{"Burst", float64(c.Burst)},
		{"MaxAttempts", float64(c.MaxAttempts)},
		{"RetryDelay", float64(c.RetryDelay)},
		{"MaxRetryDelay", float64(c.MaxRetryDelay)},
	} {
		if !(field.value >= 0) { // nor NaN
			return fmt.Errorf("pool: Config.%s is negative", field.name)
		}
	}
	return nil
}

// check finds what every dial would, by one whose context has ended: it comes
// no further than to its arguments.
func (c Config) check() error {
	if c.Endpoint == (dial.Endpoint{}) {
		return errors.New("pool: Config.Endpoint is not set")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	d := *c.Options.Dialer
	d.Trace = nil
	o := *c.Options
	o.Dialer = &d
	_, err := smtpconn.Dial(ctx, c.Endpoint, &o)
	var failed *dial.Error
	if errors.As(err, &failed) && failed.Phase == dial.PhaseConfig {
		return fmt.Errorf("pool: %w", err)
	}
	return nil
}

// RetriesInDoubt returns Config.RetryInDoubt, for programs that decide about messages
// in doubt themselves.
func (p *Pool) RetriesInDoubt() bool { return p.cfg.RetryInDoubt }
