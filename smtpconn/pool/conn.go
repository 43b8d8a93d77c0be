package pool

import (
	"context"
	"errors"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
)

// conn is a connection of the pool. One goroutine at a time uses it; all but client
// is under the pool's lock.
type conn struct {
	client *smtpconn.Client
	most   int // messages it may take, 0: no limit

	dialled    time.Time // when the dial began
	born, used time.Time
	taken      int             // messages
	answered   int             // of them: taken or refused, and the connection went on
	served     bool            // one of them was taken, or the relay did not hang up
	said       *smtp.SMTPError // to the last that was refused
	trial      ticket          // of its dial
	pending    []*job          // taken and not answered, at most two
	sending    *job            // that of them whose content may be on its way
	aborted    bool            // for the sake of a caller
	warm       bool            // it was idle since it was dialled
	starting   bool            // it has not looked at the queue yet
	last       func()          // delivers the last result: not before the connection is free for the caller's next
	dead       error           // why it is of no more use
}

// dial makes a connection.
func (p *Pool) dial(began time.Time) (*conn, error) {
	client, err := smtpconn.Dial(p.dials, p.cfg.Endpoint, p.cfg.Options)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &conn{client: client, most: p.most(client), dialled: began, born: now, used: now, starting: true}, nil
}

// spent reports whether c is to take no more messages.
func (c *conn) spent(cfg *Config, now time.Time) bool {
	return c.dead != nil || c.aborted || now.Sub(c.born) >= cfg.MaxAge ||
		c.most > 0 && c.taken >= c.most
}

// most is how many messages a connection may take: as many as the pool is to give
// it, or the server wants (RFC 9422).
func (p *Pool) most(c *smtpconn.Client) int {
	own, limit := p.cfg.MessagesPerConn, c.Limits().Messages
	if own == 0 || limit > 0 && limit < own {
		return limit
	}
	return own
}

// fit reports whether an idle connection can serve. It costs no round trip.
func (c *conn) fit(cfg *Config, now time.Time) bool {
	return !c.spent(cfg, now) && now.Sub(c.used) < cfg.IdleTime && c.client.Check() == nil
}

// useless reports whether c has ended without having taken a message: a relay that refuses
// all it is sent, and hangs up, must not be dialled for each. Not if it may have died
// while it was idle, or was closed here.
func (c *conn) useless() bool {
	idle := c.warm && (outcome(c.dead) == 0 || outcome(c.dead) == smtpconn.NotSent)
	return c.dead != nil && !c.served && !c.aborted && !idle
}

// begin lets the content of j be sent, and reports whether its caller is still there.
func (c *conn) begin(j *job) bool {
	if j.state == abandoned {
		return false
	}
	j.state, c.sending = sending, j
	return true
}

// began reports whether the content of j was begun when its connection failed: a
// message whose content ends connections must not go on for ever.
func (c *conn) began(j *job, err error) bool {
	var failed *smtpconn.SendError
	return c.sending == j && errors.As(err, &failed) && failed.Phase == smtpconn.PhaseContent
}

// others returns how many connections stand beside c that have answered for a
// message, or how many stand at all if none has.
func (p *Pool) others(c *conn) int {
	stand, answered := p.standing(c)
	if answered > 0 {
		return answered
	}
	return stand
}

// standing returns how many connections stand beside c, and how many of them have
// answered for a message.
func (p *Pool) standing(c *conn) (all, answered int) {
	for other := range p.conns {
		if other != c && other.dead == nil && !other.aborted {
			all++
			answered += min(other.answered, 1)
		}
	}
	return all, answered
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

// quitTime bounds the wait for the reply to QUIT.
const quitTime = 5 * time.Second

// end closes the connection, with QUIT if the server may still be there.
func (p *Pool) end(c *conn) {
	p.mu.Lock()
	gone := c.dead != nil || c.aborted
	p.mu.Unlock()
	defer c.client.Abort()
	if gone || c.client.Check() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(p.life, quitTime)
	defer cancel()
	c.client.Quit(ctx)
}
