package pop3conn

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// ask sends a command and waits for its status line. It returns the text of a
// +OK.
func (c *Client) ask(verb string, args ...int) (string, error) {
	if err := c.send(verb, args...); err != nil {
		return "", err
	}
	return c.status()
}

// send sends a command, once the session is where one may be sent.
func (c *Client) send(verb string, args ...int) error {
	if err := c.settle(); err != nil {
		return err
	}
	return c.say(appendCommand(c.command[:0], verb, args...))
}

func appendCommand(b []byte, verb string, args ...int) []byte {
	b = append(b, verb...)
	for _, a := range args {
		b = strconv.AppendInt(append(b, ' '), int64(a), 10)
	}
	return append(b, "\r\n"...)
}

// say sends a command that is a line already. Nothing may have been said to it
// before.
func (c *Client) say(command []byte) error {
	c.command = command
	if err := c.in.quiet(); err != nil {
		return c.fail(err)
	}
	if _, err := c.guard.Write(c.command); err != nil {
		return c.fail(err)
	}
	return nil
}

// settle brings the session to the end of the last reply.
func (c *Client) settle() error {
	switch {
	case c.ended != nil:
		return c.ended
	case c.flight != nil:
		return ErrBusy
	case c.body != nil:
		_, err := c.body.drop(errOvertaken, maxDrain)
		return err
	}
	return nil
}

// status reads the status line of the command sent last: the text of a +OK, or
// a *Error.
func (c *Client) status() (string, error) {
	text, err := c.answer()
	return string(text), err
}

// answer is status for a text that need not outlive the next read: what is
// usual costs no memory.
func (c *Client) answer() ([]byte, error) {
	line, err := c.in.line()
	if err != nil {
		return nil, c.fail(err)
	}
	if text, ok := bytes.CutPrefix(line, []byte("+OK")); ok && (len(text) == 0 || text[0] == ' ') {
		return bytes.TrimPrefix(text, []byte(" ")), nil
	}
	r, err := pop3.Parse(string(line))
	switch {
	case err != nil:
		return nil, c.fail(err)
	case !r.OK:
		return nil, c.refused(r)
	}
	return []byte(r.Text), nil
}

// list reads the lines of a multi-line reply, of which there may be max, and
// gives each to take, without the dot that it may be stuffed with. One that
// take does not like is malformed.
func (c *Client) list(max int, take func(line string) bool) error {
	for n := 0; ; n++ {
		line, err := c.in.line()
		switch {
		case err != nil:
			return c.fail(err)
		case string(line) == ".":
			return nil
		case n == max:
			return c.fail(wire.Violation(policy.ErrLimit, string(line)))
		case !take(string(bytes.TrimPrefix(line, []byte(".")))):
			return c.fail(wire.Violation(policy.ErrMalformed, string(line)))
		}
	}
}

// malformed ends the session for the text of a +OK that is not what the
// command is answered with.
func (c *Client) malformed(text string) error {
	return c.fail(wire.Violation(policy.ErrMalformed, "+OK "+text))
}

// fail ends the session: after err nobody knows what the next byte means.
func (c *Client) fail(err error) error {
	var broken *policy.Violation
	if errors.As(err, &broken) && broken.Policy == 0 {
		e := c.conn.Security().Endpoint
		broken.Policy, broken.Protocol = e.Policy, e.Protocol
	}
	if c.flight != nil {
		err = c.flight.blame(err)
	}
	c.end(fmt.Errorf("pop3conn: %s: %w", c.lastCommand(), err))
	c.guard.Abort()
	return c.ended
}

// end makes err the answer to everything that is asked from now on.
func (c *Client) end(err error) {
	if c.body != nil {
		c.body.end(err)
	}
	c.ended = err
}

func (c *Client) lastCommand() string { return strings.TrimSuffix(string(c.command), "\r\n") }
