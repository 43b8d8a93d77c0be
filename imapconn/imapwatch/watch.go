package imapwatch

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/outage"
	"github.com/mailconn/mailconn/internal/wire"
)

// watch is one Run or Once.
type watch struct {
	Config
	options *imapconn.Options // with a Notice whose calls do not overlap with this package's
	calls   chan struct{}     // has room while no function of the program is called
	conns   []*conn
}

// conn is a part of the mailboxes, and the connections that are made for it, one after the
// other.
type conn struct {
	*watch
	boxes    []*box
	nudge    <-chan struct{}
	begun    time.Time // of the last connection
	tries    outage.Tries
	overflow bool // the server has given up NOTIFY
}

// Run watches the mailboxes until one of these happens:
//
//   - ctx ends: Run returns nil.
//   - A function of the Config, or of Positions, returns an error: Run returns it.
//   - Only a person can help, as with a wrong password: Run returns a [*dial.Error], or a
//     [*ResetError]. A session without a login, as Options.Auth is nil, is such a case.
//
// A server that is down, for however long, is not among them: Run tries again, and tells
// Config.Down. A program that wants to do something else instead ends ctx from there.
//
// If another process uses the same Positions, Run first waits until that one has ended.
func Run(ctx context.Context, c Config) (err error) {
	w, err := c.open(ctx)
	if err == nil {
		defer func() { err = wire.Join(err, w.Positions.Release()) }()
		err = w.each(ctx, func(ctx context.Context, c *conn) error { return c.run(ctx) })
	}
	return outage.Ended(ctx, err)
}

// Once looks into each mailbox once, and returns nil if all that has changed was handled, but
// for messages of which [EachMessage] has told Options.Notice, or which the server has left out.
// Without Config.Refused the error holds one for each mailbox that could not be looked at.
// An outage is a [*dial.Error].
func Once(ctx context.Context, c Config) (err error) {
	var refused []error
	if c.Refused == nil {
		c.Refused = func(mailbox string, err error) { refused = append(refused, &handlerError{mailbox, err}) }
	}
	w, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = wire.Join(err, w.Positions.Release()) }()
	err = w.each(ctx, func(ctx context.Context, c *conn) error { return c.session(ctx, true) })
	return wire.Join(append(refused, err)...)
}

// open checks the Config, and loads the positions.
func (c Config) open(ctx context.Context) (*watch, error) {
	if ctx == nil {
		return nil, errors.New("imapwatch: nil context")
	}
	c, err := c.normal()
	if err != nil {
		return nil, err
	}
	positions, err := c.Positions.Load(ctx)
	if err != nil {
		return nil, err
	}
	w := &watch{Config: c, options: quietly(c.Options), calls: make(chan struct{}, 1)}
	for range c.MaxConns {
		tries := outage.Tries{Min: c.MinDelay, Max: c.MaxDelay, Long: c.LongDelay}
		w.conns = append(w.conns, &conn{watch: w, nudge: c.Nudge, tries: tries})
	}
	for i, name := range c.Mailboxes {
		part := w.conns[i%len(w.conns)]
		part.boxes = append(part.boxes, &box{name: name, acked: positions[name]})
	}
	return w, nil
}

// quietly returns options whose Notice can be called from several goroutines.
func quietly(o *imapconn.Options) *imapconn.Options {
	opts := imapconn.Options{}
	if o != nil {
		opts = *o
	}
	if notice := opts.Notice; notice != nil {
		var mu sync.Mutex
		opts.Notice = func(n imapconn.Notice) {
			mu.Lock()
			defer mu.Unlock()
			notice(n)
		}
	}
	return &opts
}

// each has f run for each connection, until one returns an error.
func (w *watch) each(ctx context.Context, f func(context.Context, *conn) error) error {
	if len(w.conns) == 1 {
		return f(ctx, w.conns[0])
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w.spread(ctx)
	var all sync.WaitGroup
	for _, c := range w.conns {
		all.Go(func() {
			if err := f(ctx, c); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// spread gives each connection every nudge.
func (w *watch) spread(ctx context.Context) {
	var all []chan struct{}
	for _, c := range w.conns {
		own := make(chan struct{}, 1)
		all, c.nudge = append(all, own), own
	}
	go func() {
		for nudge := w.Nudge; ; {
			select {
			case <-ctx.Done():
				return
			case _, open := <-nudge:
				if !open {
					return
				}
			}
			for _, own := range all {
				select {
				case own <- struct{}{}:
				default:
				}
			}
		}
	}()
}

// run keeps a connection up.
func (c *conn) run(ctx context.Context) error {
	for {
		err := c.session(ctx, false)
		failed, ours := err.(*dial.Error) // the program's errors may hold one that is none of ours
		switch {
		case !ours, c.tries.Permanent(failed):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		earliest := c.begun.Add(c.MinDelay)
		next := time.Now().Add(c.tries.After(failed))
		if c.Down != nil {
			c.call(func() error {
				c.Down(failed, next)
				return nil
			})
		}
		if err := outage.Wait(ctx, next, earliest, c.nudge, c.clock); err != nil {
			return err
		}
	}
}
