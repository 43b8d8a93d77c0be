package pool

import (
	"errors"
	"slices"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// start starts goroutines for the messages that wait, as many as there may be
// connections. It is called with the lock held whenever something has changed.
//
// A message for which a dial is under way is one for an idle connection as well: the
// dial may take long, or fail.
func (p *Pool) start() {
	now := time.Now()
	for len(p.queue) > p.starting-p.dialling {
		c := p.takeIdle(now)
		if c == nil {
			break
		}
		p.run(func() *conn { return c })
	}
	for len(p.queue) > p.starting {
		trial, ok := p.growth.enter(now, p.running+p.ending)
		if !ok {
			break
		}
		p.dialling++
		p.run(func() *conn { return p.connect(now, trial) })
	}
	if len(p.queue) > p.starting {
		p.hold()
	}
}

// run serves messages with the connection that get returns, until there are none.
func (p *Pool) run(get func() *conn) {
	p.running++
	p.starting++
	p.tasks.Go(func() {
		if c := get(); c != nil {
			p.serve(c)
			p.stop(c)
		}
	})
}

// takeIdle returns an idle connection that can serve, the one used last: so that
// those not needed grow old.
func (p *Pool) takeIdle(now time.Time) *conn {
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if c.fit(&p.cfg, now) {
			c.starting, c.warm = true, true
			return c
		}
		p.retire(c)
	}
	return nil
}

// retire ends a connection that is idle, beside what is under way.
func (p *Pool) retire(c *conn) {
	p.ending++
	p.tasks.Go(func() {
		p.end(c)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ending--
		delete(p.conns, c)
		p.start()
	})
}

// connect dials, and tells growth how it went.
func (p *Pool) connect(began time.Time, trial ticket) *conn {
	c, err := p.dial(began)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialling--
	p.stats.Dials++
	if err == nil {
		c.trial = trial
		p.conns[c] = struct{}{}
		return c
	}
	p.running--
	p.starting--
	if p.drained { // it was broken off
		return nil
	}
	p.stats.DialFailures++
	p.growth.failed(time.Now(), began, trial, p.others(nil), err)
	p.giveUp()
	p.start()
	return nil
}

var errLost = errors.New("pool: the connection ended before the message's turn")

// serve sends messages over c as a series: while there are more, each takes one round
// trip.
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

// proved notes that c is of use: others may dial now.
func (p *Pool) proved(c *conn) {
	if c.served {
		return
	}
	c.served = true
	_, answered := p.standing(nil)
	p.growth.proved(time.Now(), c.trial, answered)
	p.start()
}

// stop takes a connection back when there is nothing to send, or it can send nothing
// more.
func (p *Pool) stop(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	c.used = now
	if err := c.client.Err(); c.dead == nil && !c.aborted && err != nil {
		c.dead = err
	}
	if c.answered > 0 && c.dead == nil && !c.aborted {
		p.proved(c) // it has refused all, and does not hang up for that
	}
	useless := c.useless()
	if useless {
		p.growth.failed(now, c.dialled, c.trial, p.others(c), c.cause())
	} else {
		p.growth.left(c.trial)
	}
	if p.drained || c.spent(&p.cfg, now) {
		p.settled(c)
		p.mu.Unlock()
		p.end(c) // before another takes its place
		p.mu.Lock()
		delete(p.conns, c)
	} else {
		p.idle = append(p.idle, c)
		p.sweepIn(p.cfg.IdleTime)
	}
	p.running--
	p.settled(c)
	if useless {
		p.giveUp()
	}
	p.start()
}

// sweepIn sets the timer for idle connections, if it is not set.
func (p *Pool) sweepIn(d time.Duration) {
	if !p.sweeping && !p.drained {
		p.sweeping = true
		p.sweep.Reset(d)
	}
}

// take gives c the next message, if there is one and c may have it.
func (p *Pool) take(c *conn) *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settled(c)
	now := time.Now()
	if len(p.queue) == 0 || c.spent(&p.cfg, now) {
		return nil
	}
	j := p.queue[0]
	p.queue = slices.Delete(p.queue, 0, 1)
	p.stats.Wait += now.Sub(j.queued)
	j.conn = c
	c.taken++
	if c.pending = append(c.pending, j); len(c.pending) == 1 {
		c.begin(j)
	}
	return j
}

// answer delivers the result of the first message that c has taken, and reports
// whether c can go on with the next.
func (p *Pool) answer(c *conn, r result) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(c.pending) == 0 { // it failed before it took one
		c.dead = r.err
		return false
	}
	j := c.pending[0]
	switch {
	case j.content.isVetoed(), outcome(r.err) == smtpconn.NotSent && !ofConnection(r.err) && c.client.Err() != nil:
		c.aborted = true // for a message that could not be finished
	case endsConnection(r.err) && c.dead == nil:
		c.dead = r.err
	}
	used := c.warm || c.answered > 0 || c.aborted
	r.free = ofConnection(r.err) && (used || !c.began(j, r.err))
	r.first = r.free && c.served // of a relay that is down each is tried in turn
	c.pending, c.sending = slices.Delete(c.pending, 0, 1), nil
	if r.err == nil || outcome(r.err) == smtpconn.Refused && c.dead == nil {
		c.answered++
		errors.As(r.err, &c.said)
	}
	if r.err == nil {
		p.proved(c)
	}
	if len(c.pending) == 0 {
		c.last = func() { j.result <- r }
		return true
	}
	j.result <- r
	if !c.begin(c.pending[0]) {
		c.aborted = true // SendEach closes the connection of a message left half-way
		return false
	}
	return true
}
