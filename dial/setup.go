package dial

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/wire"
)

// Setup is what the beginning of a session may ask of its connection, and tell
// it: the phases it goes through, and how it logs in. It is good until the function
// that [Conn.Setup] gave it to returns. After that its methods do nothing, and
// return zero values. The zero Setup is one that is over.
type Setup struct {
	progress *progress
	over     atomic.Bool
}

func (s *Setup) isOver() bool { return s == nil || s.progress == nil || s.over.Load() }

// live returns the connection, and after the setup the zero Conn.
func (s *Setup) live() *Conn {
	if s.isOver() {
		return new(Conn)
	}
	return s.progress.conn
}

// Setup runs f, the part of a session's beginning that talks to the server,
// under the rules of Dial. f enters each phase with [Setup.Enter]. Setup is
// bounded by ctx and by the Dialer's Timeout, which end what f does by closing
// the connection; f is given a context that ends with them. If f returns an
// error the connection is closed, and Setup returns a [*Error] that says in which
// phase. Once it has returned nil, ctx has no effect any more.
func (c *Conn) Setup(ctx context.Context, f func(context.Context, *Setup) error) error {
	p := progress{c, PhaseConfig}
	switch {
	case c.raw == nil:
		return p.fail(errors.New("connection was not made by a Dialer"))
	case ctx == nil:
		return c.giveUp(&p, errors.New("nil context"))
	}
	b, cancel := budget(ctx, c.timeout, c.security.Endpoint.Protocol)
	defer cancel()
	if err := b.Watched(c.raw, func() error { return c.setUp(b.Context, &p, f) }); err != nil {
		return c.giveUp(&p, err)
	}
	p.done(nil)
	return nil
}

// setUp runs f, and closes the connection if it fails.
func (c *Conn) setUp(ctx context.Context, p *progress, f func(context.Context, *Setup) error) error {
	s := &Setup{progress: p}
	defer s.over.Store(true)
	err := f(ctx, s)
	if err != nil && c.tls != nil && !c.conn.Spoken() {
		err = wire.LastAlert(&c.conn, err)
	}
	if err != nil {
		c.inner().Close() // while ctx can still end a close_notify that the server does not take
	}
	return err
}

// giveUp ends a connection that has failed. The transcript, which ends with the
// connection, has the reason.
func (c *Conn) giveUp(p *progress, err error) *Error {
	failed := p.fail(err)
	c.Abort()
	return failed
}

// Enter begins a phase, and ends the one before.
func (s *Setup) Enter(p Phase) {
	if !s.isOver() {
		s.progress.enter(p)
	}
}

// Endpoint returns what was dialled, with host and port filled in. After the setup it
// is zero.
func (s *Setup) Endpoint() Endpoint { return s.live().Endpoint() }

// Encrypted reports whether TLS is up. With [Setup.Verified] it is the evidence that a
// gate in front of credentials goes by. After the setup it is false.
func (s *Setup) Encrypted() bool { return s.live().Encrypted() }

// Verified returns how the server was verified. After the setup it is trust.None.
func (s *Setup) Verified() trust.Method { return s.live().security.Verified }

// Security returns all that was achieved on the connection. After the setup it is
// zero, which is evidence of nothing.
func (s *Setup) Security() Security { return s.live().Security() }

// LoginTried tells the Dialer's Trace how an attempt to log in ended. If err is
// nil, Security tells of the login from then on.
func (s *Setup) LoginTried(l Login, err error) {
	if s.isOver() {
		return
	}
	if err == nil {
		conn := s.progress.conn
		conn.mu.Lock()
		conn.security.Login = l
		conn.mu.Unlock()
	}
	if hook := s.progress.hooks().LoginTried; hook != nil {
		hook(s.Endpoint(), l, err)
	}
}

// MechanismsListed lets the Dialer's Peers learn the SASL mechanisms that the
// server has listed. It is to be called after a login that succeeded.
func (s *Setup) MechanismsListed(ctx context.Context, names []string) {
	s.live().learn(ctx, names...)
}

// HeldToSCRAM returns the record that forbids showing the server a password
// ([peers.Rules], HoldAuth), and nil if none does.
func (s *Setup) HeldToSCRAM() *peers.Known { return s.live().memory.HeldToSCRAM() }
