package pop3conn

import (
	"errors"
	"fmt"
	"io"
)

// Retr returns a message: a reader over the connection that yields its bytes
// exactly as the server has them, line ends included, and io.EOF behind the
// last one. If the connection ends before, that is io.ErrUnexpectedEOF, never
// a short message. It is an io.WriterTo as well, so that io.Copy needs no buffer
// of its own.
//
// The reader is good until the next command. One that is closed before its
// end, or left for the next command, is read past for up to 64 KiB and the time
// of one reply; if that is not enough the session ends, and the Close or the
// command returns an error. A reader read to its end need not be closed.
//
// Message numbers are those of this session, from 1.
func (c *Client) Retr(msg int) (io.ReadCloser, error) {
	if err := c.check(msg); err != nil {
		return nil, err
	}
	return c.message("RETR", msg)
}

// Top returns a message's header, the empty line, and so many lines of its
// text, like [Client.Retr]. Not every server has it (RFC 1939 §7).
func (c *Client) Top(msg, lines int) (io.ReadCloser, error) {
	if err := c.check(msg); err != nil {
		return nil, err
	}
	if lines < 0 {
		return nil, errLines
	}
	return c.message("TOP", msg, lines)
}

var errLines = errors.New("pop3conn: negative number of lines")

func (c *Client) message(verb string, args ...int) (io.ReadCloser, error) {
	if _, err := c.ask(verb, args...); err != nil {
		return nil, err
	}
	b := new(body)
	c.open(b)
	return b, nil
}

// open makes b the message that comes next.
func (c *Client) open(b *body) {
	*b = body{c: c, room: c.room}
	c.body = b
}

// Dele marks a message as deleted. It is removed by [Client.Quit]; until then
// every command that names it returns [ErrDeleted], and [Client.Rset] brings it
// back.
func (c *Client) Dele(msg int) error {
	if err := c.check(msg); err != nil {
		return err
	}
	_, err := c.ask("DELE", msg)
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

// Rset takes the marks of Dele off all messages.
func (c *Client) Rset() error {
	_, err := c.ask("RSET")
	if err == nil {
		c.deleted = nil
	}
	return err
}

// Noop does nothing, which keeps the server from ending an idle session.
func (c *Client) Noop() error {
	_, err := c.ask("NOOP")
	return err
}

// ErrDeleted is a message that this session has marked as deleted: it may not
// be named any more (RFC 1939 §5). Nothing is sent.
var ErrDeleted = errors.New("pop3conn: message is marked as deleted")

// check returns what is wrong with a message number before any I/O.
func (c *Client) check(msg int) error {
	switch {
	case msg <= 0:
		return fmt.Errorf("pop3conn: message number %d: they begin at 1", msg)
	case c.deleted[msg]:
		return fmt.Errorf("%w: %d", ErrDeleted, msg)
	}
	return nil
}
