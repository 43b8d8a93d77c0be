package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
)

// job is one attempt to send a message. All but message and result is under the
// pool's lock.
type job struct {
	message smtpconn.Message
	queued  time.Time
	state   state
	conn    *conn // while it is on one
	result  chan result
}

type state uint8

const (
	waiting   state = iota // none of the content was given to a connection
	sending                // it may have been
	abandoned              // and it will not be: the caller has left
)

type result struct {
	receipt *smtpconn.Receipt
	err     error
	stale   bool // the connection was no new one, so another may do better
}

// attempt sends a message once.
func (p *Pool) attempt(ctx context.Context, m smtpconn.Message) result {
	j := &job{message: m, queued: time.Now(), result: make(chan result, 1)}
	p.mu.Lock()
	p.queue = append(p.queue, j)
	p.start()
	p.mu.Unlock()
	select {
	case r := <-j.result:
		return r
	case <-ctx.Done():
	}
	if err := p.abandon(j, ended(ctx)); err != nil {
		m.Content.(*source).leave()
		return result{err: notSent(err)}
	}
	return (<-j.result).because(ctx)
}

// because adds the context's error to a failure that it caused.
func (r result) because(ctx context.Context) result {
	var failed *smtpconn.SendError
	if errors.As(r.err, &failed) && failed.Err != nil {
		e := *failed
		e.Err = fmt.Errorf("%w: %w", ended(ctx), failed.Err)
		r.err = &e
	}
	return r
}

// ended returns the error of a context that has ended, and its cause.
func ended(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrClosed) {
		return cause
	}
	return wire.ContextError(ctx)
}

// abandon leaves a job. If its content was not begun it will not be, and the
// error says so. If it may have been, the connection is closed, and the result
// is on its way.
func (p *Pool) abandon(j *job, why error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if j.state == sending {
		if c := j.conn; c.sending == j { // else its result is there
			c.aborted = true
			c.client.Abort()
		}
		return nil
	}
	j.state = abandoned
	if i := slices.Index(p.queue, j); i >= 0 {
		p.queue = slices.Delete(p.queue, i, i+1)
	}
	if p.down() {
		return fmt.Errorf("%w: %w", why, p.gate.err())
	}
	return why
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

// begin lets the content of j be sent, and reports whether its caller is still
// there.
func (c *conn) begin(j *job) bool {
	if j.state == abandoned {
		return false
	}
	j.state, c.sending = sending, j
	return true
}

// answer delivers the result of the first message that c has taken, and
// reports whether c can go on with the next.
func (p *Pool) answer(c *conn, r result) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if fatal(r.err) {
		c.dead = r.err
	}
	if len(c.pending) == 0 { // it failed before it took one
		return false
	}
	j := c.pending[0]
	c.pending, c.sending = slices.Delete(c.pending, 0, 1), nil
	r.stale = (c.warm || c.answered > 0 || c.aborted) && outcome(r.err) == smtpconn.NotSent
	if r.err == nil || outcome(r.err) == smtpconn.Refused && c.dead == nil {
		if c.answered++; c.answered == 1 {
			p.serving++
		}
		p.gate.proved()
		p.start() // others may dial now
	}
	if len(c.pending) == 0 {
		c.last = func() { j.result <- r }
		return true
	}
	j.result <- r
	if !c.begin(c.pending[0]) {
		c.aborted = true // Stream closes the connection of a message left half-way
		return false
	}
	return true
}

// settled is called when c looks for a message, or has stopped looking.
func (p *Pool) settled(c *conn) {
	if c.starting {
		c.starting = false
		p.starting--
	}
	if c.last != nil {
		c.last()
		c.last = nil
	}
}

// fatal reports whether an error is one that ended the connection: a refusal
// that is none of the message is the server's farewell.
func fatal(err error) bool {
	var failed *smtpconn.SendError
	if !errors.As(err, &failed) {
		return false
	}
	switch failed.Outcome {
	case smtpconn.Refused:
		return !failed.MessageAtFault()
	case smtpconn.NotSent:
		return failed.Temporary()
	}
	return true
}
