package pop3conn

import "context"

// Retr returns the message with a number, which counts from 1 and is valid in this
// session only (RFC 1939 §5).
func (c *Client) Retr(ctx context.Context, msg int) (*Message, error) {
	return c.retrieve(ctx, msg, "RETR", msg)
}

// Top returns the header of a message, the empty line, and the given number of lines of
// the body. Not every server has the command TOP (RFC 1939 §7).
func (c *Client) Top(ctx context.Context, msg, lines int) (*Message, error) {
	if lines < 0 {
		return nil, errLines
	}
	return c.retrieve(ctx, msg, "TOP", msg, lines)
}

func (c *Client) retrieve(ctx context.Context, msg int, verb string, args ...int) (*Message, error) {
	if err := c.check(msg); err != nil {
		return nil, err
	}
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	if _, err := c.exchange(verb, args...); err != nil {
		c.done()
		return nil, err
	}
	m := &Message{Listing: Listing{Msg: msg, Size: -1}}
	c.open(m)
	return m, nil
}
