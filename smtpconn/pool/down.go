package pool

import (
	"slices"
	"time"
)

// hold deals with messages that cannot be served now. While a connection is up, or is
// being made, they wait: it may carry them.
func (p *Pool) hold() {
	s := p.growth.holding(p.running + p.ending)
	if s == nil || p.giveUp() {
		return // as many connections as there may be are at work, or no message is left
	}
	if later := time.Until(s.next); s.trial == 0 && later > 0 {
		p.wake.Reset(later)
	}
}

// giveUp fails the messages that wait, while the relay is down and nothing is left that
// may carry them, and reports whether it has. Where a try has just failed it comes
// before the next: that may begin at once, and is for other messages.
func (p *Pool) giveUp() bool {
	wait := p.cfg.WaitWhileDown && temporary(p.growth.down.cause) || p.growth.mayServe()
	if p.growth.down.failures == 0 || p.running+p.ending+len(p.idle) > 0 || wait {
		return false
	}
	for _, j := range p.queue {
		j.state = abandoned
		j.result <- result{err: notSent(p.growth.err())}
	}
	p.queue = nil
	return true
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

// pause returns how long to wait after the nth attempt: while the relay is down until
// it may be dialled.
func (p *Pool) pause(n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.growth.down.After(n)
	if p.growth.down.failures > 0 {
		d = max(d, time.Until(p.growth.down.next))
	}
	return d
}
