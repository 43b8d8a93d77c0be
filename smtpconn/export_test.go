package smtpconn

// Keeps reports whether a client keeps what it needs to send.
func (c *Client) Keeps() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sender != nil
}
