package pool

import (
	"errors"
	"slices"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// start starts goroutines for the messages that wait, as many as there may be
// connections. It is called with the lock held whenever something has changed.
func (p *Pool) start() {
	for len(p.queue) > p.starting && p.running < p.cfg.MaxConns {
		c := p.warm()
		var probe ticket
		if c == nil {
			var ok bool
			if probe, ok = p.gate.enter(time.Now()); !ok {
				break
			}
			p.dialling++
		}
		p.running++
		p.starting++
		p.tasks.Go(func() { p.run(c, probe) })
	}
	if p.gate.down && p.running == p.dialling {
		p.stalled()
	}
}

// stalled deals with messages that nobody can serve now. One waits for a probe
// that is under way: it is for its sake.
func (p *Pool) stalled() {
	if !p.cfg.WaitWhileDown || !temporary(p.gate.cause) {
		first := 0
		if p.gate.probing != 0 {
			first = min(1, len(p.queue))
		}
		for _, j := range p.queue[first:] {
			j.state = abandoned
			j.result <- result{err: notSent(p.gate.err())}
		}
		p.queue = slices.Delete(p.queue, first, len(p.queue))
	}
	if len(p.queue) > 0 && p.gate.probing == 0 {
		p.wake.Reset(time.Until(p.gate.next))
	}
}

// warm returns an idle connection that can serve, the one used last: so that
// those not needed grow old.
func (p *Pool) warm() *conn {
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if c.fit(&p.cfg, time.Now()) {
			c.starting, c.warm = true, true
			p.serving += min(c.answered, 1)
			return c
		}
		p.tasks.Go(func() { p.end(c) })
	}
	return nil
}

// run serves messages with c, or with a connection of its own, until there are
// none.
func (p *Pool) run(c *conn, probe ticket) {
	if c == nil {
		if c = p.connect(probe); c == nil {
			return
		}
	}
	p.serve(c)
	p.stop(c)
}

// connect dials, and tells the gate how it went.
func (p *Pool) connect(probe ticket) *conn {
	c, err := p.dial()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialling--
	p.stats.Dials++
	if err == nil {
		c.probe = probe
		return c
	}
	p.running--
	p.starting--
	if p.drained { // it was broken off
		return nil
	}
	p.stats.DialFailures++
	p.gate.failed(time.Now(), probe, err)
	p.start()
	return nil
}

// serve sends messages over c as a stream: while there are more, each takes one
// round trip.
func (p *Pool) serve(c *conn) {
	messages := func(yield func(smtpconn.Message) bool) {
		for j := p.take(c); j != nil && yield(j.message); {
			j = p.take(c)
		}
	}
	for receipt, err := range c.client.SendEach(p.life, messages) {
		if !p.answer(c, result{receipt: receipt, err: err}) {
			break
		}
	}
	for len(c.pending) > 0 { // taken, and its content was never begun
		p.answer(c, result{err: notSent(errLost)})
	}
}

var errLost = errors.New("pool: the connection ended before the message's turn")

// stop takes a connection back when there is nothing to send, or it can send
// nothing more.
func (p *Pool) stop(c *conn) {
	p.mu.Lock()
	now := time.Now()
	c.used = now
	if err := c.client.Err(); c.dead == nil && err != nil {
		c.dead = err
	}
	keep := !p.drained && !c.spent(&p.cfg, now)
	p.serving -= min(c.answered, 1)
	if c.useless() {
		p.gate.failed(now, c.probe, cause(c.dead))
	} else {
		p.gate.left(c.probe)
	}
	if !keep {
		p.settled(c)
		p.mu.Unlock()
		p.end(c) // before another takes its place
		p.mu.Lock()
	}
	p.running--
	if keep {
		p.idle = append(p.idle, c)
		p.sweepIn(p.cfg.IdleTime)
	}
	p.settled(c)
	p.start()
	p.mu.Unlock()
}
