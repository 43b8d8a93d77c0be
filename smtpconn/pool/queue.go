package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// job is one attempt to send a message. All but message, content and result is under
// the pool's lock.
type job struct {
	message smtpconn.Message
	content *source // of message
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
	free    bool // the connection's fault: it costs the message no attempt
	first   bool // the connection had served others: the message is the next to be sent
}

// attempt sends a message once, ahead of the others if it is first.
func (p *Pool) attempt(ctx context.Context, e smtpconn.Envelope, content *source, first bool) result {
	j := &job{message: smtpconn.Message{Envelope: e, Content: content}, content: content, queued: time.Now(), result: make(chan result, 1)}
	p.mu.Lock()
	if first {
		p.queue = slices.Insert(p.queue, 0, j)
	} else {
		p.queue = append(p.queue, j)
	}
	p.start()
	p.mu.Unlock()
	select {
	case r := <-j.result:
		if ctx.Err() != nil && endsConnection(r.err) {
			return r.because(ctx) // which ended the connection, with that of another
		}
		return r
	case <-ctx.Done():
	}
	content.leave()
	if err := p.abandon(j, ended(ctx)); err != nil {
		return result{err: notSent(err)}
	}
	return (<-j.result).because(ctx)
}

// because adds the context's error to a failure that it caused.
func (r result) because(ctx context.Context) result {
	var failed *smtpconn.SendError
	if !errors.As(r.err, &failed) || failed.Err == nil {
		return r
	}
	e := *failed
	if e.Outcome == smtpconn.NotSent {
		e.Err = ended(ctx) // and not the content, which the caller has left
	} else {
		e.Err = fmt.Errorf("%w: %w", ended(ctx), failed.Err)
	}
	r.err = &e
	return r
}

// abandon leaves a job. If its content was not begun it will not be, and the error
// says so. If it may have been, the connection is closed, and the result is on its
// way.
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
	if p.isDown() {
		return fmt.Errorf("%w: %w", why, p.growth.err())
	}
	return why
}
