package pool

import (
	"errors"
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
