package pool

import (
	"context"
	"net"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/smtpconn"
)

// conn is a connection of the pool. One goroutine at a time uses it; all but
// client and raw is under the pool's lock.
type conn struct {
	client *smtpconn.Client
	raw    net.Conn // what the network gave, nil if not known
	most   int      // messages it may take, 0: no limit

	born, used time.Time
	taken      int    // messages
	answered   int    // of them: taken or refused, and the connection went on
	probe      ticket // of a dial while the relay was down
	pending    []*job // taken and not answered, at most two
	sending    *job   // that of them whose content may be on its way
	aborted    bool   // for the sake of a caller
	warm       bool   // it was idle since it was dialled
	starting   bool   // it has not looked at the queue yet
	last       func() // delivers the last result: not before the connection is free for the caller's next
	dead       error  // why it is of no more use
}

// dial makes a connection.
func (p *Pool) dial() (*conn, error) {
	n := &catcher{inner: p.cfg.Options.Dialer.NetDialer}
	d := *p.cfg.Options.Dialer
	d.NetDialer = n
	o := *p.cfg.Options
	o.Dialer = &d
	client, err := smtpconn.Dial(p.dials, p.cfg.Endpoint, &o)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &conn{client: client, raw: n.raw, most: p.most(client), born: now, used: now, starting: true}, nil
}

// catcher is a NetDialer that remembers the connection, for alive.
type catcher struct {
	inner dial.NetDialer
	raw   net.Conn
}

func (n *catcher) DialContext(ctx context.Context, network, address string) (_ net.Conn, err error) {
	var inner dial.NetDialer = &net.Dialer{}
	if n.inner != nil {
		inner = n.inner
	}
	n.raw, err = inner.DialContext(ctx, network, address)
	return n.raw, err
}

// spent reports whether c is to take no more messages.
func (c *conn) spent(cfg *Config, now time.Time) bool {
	return c.dead != nil || c.aborted || now.Sub(c.born) >= cfg.MaxAge ||
		c.most > 0 && c.taken >= c.most
}

// most is how many messages a connection may take: as many as the pool is to
// give it, or the server wants (RFC 9422).
func (p *Pool) most(c *smtpconn.Client) int {
	own, limit := p.cfg.MessagesPerConn, c.Limits().Messages
	if own == 0 || limit > 0 && limit < own {
		return limit
	}
	return own
}

// fit reports whether an idle connection can serve. Neither costs a round trip.
func (c *conn) fit(cfg *Config, now time.Time) bool {
	return !c.spent(cfg, now) && now.Sub(c.used) < cfg.IdleTime && c.client.Check() == nil && alive(c.raw)
}

// useless reports whether c has ended without having been of any use. Not if it
// may have died while it was idle, or was closed here.
func (c *conn) useless() bool {
	idle := c.warm && (outcome(c.dead) == 0 || outcome(c.dead) == smtpconn.NotSent)
	return c.dead != nil && c.answered == 0 && !c.aborted && !idle
}

// farewell bounds the wait for the reply to QUIT.
const farewell = 5 * time.Second

// end closes the connection, with QUIT if somebody may be there to hear it.
func (p *Pool) end(c *conn) {
	p.mu.Lock()
	gone := c.dead != nil || c.aborted
	p.mu.Unlock()
	if gone || c.client.Check() != nil || !alive(c.raw) {
		c.client.Abort()
		return
	}
	ctx, cancel := context.WithTimeout(p.life, farewell)
	defer cancel()
	defer context.AfterFunc(ctx, func() { c.client.Abort() })()
	c.client.Quit(ctx)
}
