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

	Sent, Refused, NotSent, Unknown int // messages, by what Send returned

	Dials, DialFailures int           // attempts to connect, and those of them that failed
	Retries             int           // attempts after a message's first
	Wait                time.Duration // of all messages together, for a connection
	Down                *DownError    // while there is no connection, and the last attempt failed; or nil
}

// Stats returns the numbers of this moment.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Idle = len(p.idle)
	s.Conns = s.Idle + p.running - p.dialling
	if p.gate.down && s.Conns == 0 {
		s.Down = p.gate.err()
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
	case failed.Outcome == smtpconn.Unknown:
		p.stats.Unknown++
	default:
		p.stats.NotSent++
	}
}
