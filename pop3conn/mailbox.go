package pop3conn

import (
	"context"
	"errors"
	"fmt"
)

// Dele marks a message as deleted. [Client.Quit] removes it. Until then every method
// that is given its number returns [ErrDeleted], and [Client.Rset] removes the mark.
func (c *Client) Dele(ctx context.Context, msg int) error {
	if err := c.check(msg); err != nil {
		return err
	}
	_, err := c.command(ctx, "DELE", msg)
	if err == nil {
		c.mark(msg)
	}
	return err
}

func (c *Client) mark(msg int) {
	if c.deleted == nil {
		c.deleted = make(map[int]bool)
	}
	c.deleted[msg] = true
}

// Rset removes the marks of [Client.Dele] from all messages.
func (c *Client) Rset(ctx context.Context) error {
	_, err := c.command(ctx, "RSET")
	if err == nil {
		c.deleted = nil
	}
	return err
}

// ErrDeleted is returned for a message that this session has marked as deleted, as no
// command may refer to it any more (RFC 1939 §5). Nothing is sent.
var ErrDeleted = errors.New("pop3conn: message is marked as deleted")

// check returns what is wrong with a message number before any I/O.
func (c *Client) check(msg int) error {
	switch {
	case msg <= 0:
		return fmt.Errorf("pop3conn: message number %d: numbers begin at 1", msg)
	case c.deleted[msg]:
		return fmt.Errorf("%w: %d", ErrDeleted, msg)
	}
	return nil
}
