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

	Sent, Refused, NotSent, Unknown int // messages, by what Send returned

	Dials, DialFailures int           // attempts to connect, and those of them that failed
	Retries             int           // attempts after a message's first
	Wait                time.Duration // of all messages together, for a connection

	// Down is set while the last attempt to have a connection has failed and
	// there is none that can serve: idle, or known to have answered for a
	// message. That only one of several failed is to be seen in DialFailures.
	// Nothing is tried while there is no message, so Down may be out of date.
	Down *DownError
}

// Stats returns the numbers of this moment.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Idle = len(p.idle)
	s.Conns = s.Idle + p.running - p.dialling
	if p.down() {
		s.Down = p.gate.err()
	}
	return s
}

// down reports whether the relay has failed and no connection is left that can
// serve: none that has answered for a message, and none that is idle.
func (p *Pool) down() bool {
	fit := func(c *conn) bool { return c.fit(&p.cfg, time.Now()) }
	return p.gate.down && p.serving == 0 && !slices.ContainsFunc(p.idle, fit)
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
		p.stats.Unknown++
	default:
		p.stats.NotSent++
	}
}
