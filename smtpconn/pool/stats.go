package pool

import (
	"errors"
	"slices"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// Stats is what a Pool has done, and what it has at the moment.
type Stats struct {
	Conns, Idle int // connections, and those of them that wait for a message
	InFlight    int // calls of Send that have not returned

	Sent, Refused, NotSent, InDoubt int // messages, by what Send returned

	Dials, DialFailures int           // attempts to connect, and those of them that failed
	Retries             int           // attempts after a message's first
	Wait                time.Duration // of all messages together, for a connection

	// Limit is how many connections the relay gives, as far as it has said so by
	// refusing one more; zero if it has not. One more is tried now and then.
	Limit int

	// Down is set while the last attempt to have a connection has failed and there
	// is none that can serve: idle, or known to have answered for a message. It is
	// also set for a failure that time does not mend, as of a certificate, whatever
	// can serve for now. Other failures beside connections that serve are to be seen
	// in DialFailures. Nothing is tried while there is no message, so Down may be out
	// of date.
	Down *DownError
}

// Stats returns the numbers of this moment.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Idle = len(p.idle)
	s.Conns = s.Idle + p.running - p.dialling
	if p.growth.taught {
		s.Limit = p.growth.limit
	}
	if p.isDown() {
		s.Down = p.growth.err()
	}
	return s
}

// isDown reports whether the relay has failed, and no connection is left that can
// serve, or no other can be had.
func (p *Pool) isDown() bool {
	if p.growth.down.failures == 0 {
		return false
	}
	fit := func(c *conn) bool { return c.fit(&p.cfg, time.Now()) }
	_, answered := p.standing(nil)
	return !temporary(p.growth.down.cause) || answered == 0 && !slices.ContainsFunc(p.idle, fit)
}

// returned counts what Send returned.
func (p *Pool) returned(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.InFlight--
	var failed *smtpconn.SendError
	switch {
	case !errors.As(err, &failed):
		p.stats.Sent++
	case failed.Outcome == smtpconn.Refused:
		p.stats.Refused++
	case failed.Outcome == smtpconn.InDoubt:
		p.stats.InDoubt++
	default:
		p.stats.NotSent++
	}
}
