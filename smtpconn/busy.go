package smtpconn

import "time"

// acquire takes the session, and reports whether it was free.
func (c *Client) acquire() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	free := !c.busy
	c.busy = true
	return free
}

// release gives the session back, and its sender once it has been idle.
func (c *Client) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = false
	switch {
	case c.sender == nil:
	case c.idle == nil:
		c.idle = time.AfterFunc(idleTime, c.drop)
	default:
		c.idle.Reset(idleTime)
	}
}

// idleTime is how long a sender is kept after the last message.
const idleTime = time.Second

// drop lets go of the sender of a client that has nothing to send, and of its
// buffers.
func (c *Client) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.busy {
		c.sender = nil
	}
}
