package dial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
)

// Setup runs f, the part of a session's beginning that talks to the server,
// under the rules of Dial. f calls enter at the start of each phase. Setup is
// bounded by ctx and by the Dialer's Timeout, which end what f does by closing
// the connection; f is given a context that ends with them. If f returns an
// error the connection is closed, and Setup returns a [*Error] that says in which
// phase. Once it has returned nil, ctx has no effect any more.
func (c *Conn) Setup(ctx context.Context, f func(ctx context.Context, enter func(Phase)) error) error {
	a := newAttempt(c.security.Endpoint, c.dialer.Trace)
	switch {
	case c.conn == nil:
		return a.fail(errors.New("connection was not made by a Dialer"))
	case ctx == nil:
		c.Abort()
		return a.fail(errors.New("nil context"))
	}
	ctx, cancel := c.dialer.Budget(ctx, c.security.Endpoint.Protocol)
	defer cancel()
	err := watched(ctx, c.raw, func() error {
		err := f(ctx, a.enter)
		if err != nil && c.security.TLS != nil && !c.spoken.Load() {
			err = c.lastWords(err)
		}
		if err != nil {
			c.Close() // while ctx can still end a farewell that nobody takes
		}
		return err
	})
	if err != nil {
		c.Abort()
		return a.fail(err)
	}
	a.done(nil)
	return nil
}

// lastWordsTime bounds the wait for an alert that explains a failure.
const lastWordsTime = 500 * time.Millisecond

// lastWords looks for the alert with which a server that never spoke inside TLS
// refused our certificate: a write that failed does not show it.
func (c *Conn) lastWords(err error) error {
	if _, ok := remoteAlert(err); ok {
		return err
	}
	c.conn.SetReadDeadline(time.Now().Add(lastWordsTime))
	_, last := c.conn.Read(make([]byte, 1))
	if _, ok := remoteAlert(last); ok {
		return fmt.Errorf("%w: %w", last, err)
	}
	return err
}

// LoginTried is for those who authenticate over the connection, package auth
// among them: it tells the trace how an attempt ended, and [Conn.Security] from
// then on of one that succeeded.
func (c *Conn) LoginTried(l Login, err error) {
	if err == nil {
		c.login.Store(&l)
	}
	if t := c.dialer.Trace; t != nil && t.LoginTried != nil {
		t.LoginTried(c.security.Endpoint, l, err)
	}
}

// MechanismsListed is for those who authenticate over the connection, too: once
// they have succeeded, it lets the Dialer's [peers.Store] learn the mechanisms that
// the server has listed.
func (c *Conn) MechanismsListed(ctx context.Context, names []string) {
	if c.memory == nil {
		return
	}
	if r, ok := c.security.lesson(c.memory.options.Lifetime); ok {
		r.Mechanisms = peers.MechanismSet(names...)
		c.memory.remember(ctx, r)
	}
}

// HeldToSCRAM is for them as well: it returns the record that forbids to show the
// server a password ([peers.Rules.HoldAuth]), and nil if nothing does.
func (c *Conn) HeldToSCRAM() *peers.Known {
	if c == nil || c.memory == nil || !c.memory.options.HoldAuth {
		return nil
	}
	if held := c.memory.holds(); held != nil && held.Record.Mechanisms.SCRAM() {
		return held
	}
	return nil
}
