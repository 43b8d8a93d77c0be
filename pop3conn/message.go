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
	if err := checkNumber(msg); err != nil {
		return nil, err
	}
	return c.message("RETR", msg)
}

// Top returns a message's header, the empty line, and so many lines of its
// text, like [Client.Retr]. Not every server has it (RFC 1939 §7).
func (c *Client) Top(msg, lines int) (io.ReadCloser, error) {
	if err := checkNumber(msg); err != nil {
		return nil, err
	}
	if lines < 0 {
		return nil, errors.New("pop3conn: negative number of lines")
	}
	return c.message("TOP", msg, lines)
}

func (c *Client) message(verb string, args ...int) (io.ReadCloser, error) {
	if _, err := c.ask(verb, args...); err != nil {
		return nil, err
	}
	c.body = &body{c: c}
	return c.body, nil
}

// Dele marks a message as deleted. It is removed by [Client.Quit].
func (c *Client) Dele(msg int) error {
	if err := checkNumber(msg); err != nil {
		return err
	}
	_, err := c.ask("DELE", msg)
	return err
}

// Rset takes the marks of Dele off all messages.
func (c *Client) Rset() error {
	_, err := c.ask("RSET")
	return err
}

// Noop does nothing, which keeps the server from ending an idle session.
func (c *Client) Noop() error {
	_, err := c.ask("NOOP")
	return err
}

func checkNumber(msg int) error {
	if msg <= 0 {
		return fmt.Errorf("pop3conn: message number %d: they begin at 1", msg)
	}
	return nil
}
