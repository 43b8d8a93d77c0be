package pop3conn

import "context"

// Retr returns a message (RFC 1939 §5). Its number is that of this session, from 1.
func (c *Client) Retr(ctx context.Context, msg int) (*Message, error) {
	return c.retrieve(ctx, msg, "RETR", msg)
}

// Top returns a message's header, the empty line, and so many lines of its text. Not
// every server has it (RFC 1939 §7).
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
