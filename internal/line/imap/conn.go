package imap

import (
	"crypto/rand"
	"strconv"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Conn is an IMAP conversation in lines. Its tags cannot be guessed, so that an
// attacker cannot answer a command before it was sent.
type Conn struct {
	wire.Lines
	// Observe, if set, is given each untagged response and the tagged one while
	// a command waits for its answer. Untagged responses have no other use here.
	Observe func(Response)

	prefix [8]byte // of the tags
	n      int     // tags so far
}

// New returns a Conn whose tags have a prefix of their own.
func New(l wire.Lines) *Conn { return &Conn{Lines: l} }

// Greet reads the server's greeting: OK or PREAUTH. BYE is a violation with
// reason ErrRefused, everything else one with ErrMalformed (RFC 9051 §7.1).
func (c *Conn) Greet() (line.Greeting, error) {
	text, err := c.ReadLine()
	if err != nil {
		return line.Greeting{}, err
	}
	r := Parse(text)
	switch {
	case r.Tag != "*":
	case r.Status == "OK" || r.Status == "PREAUTH":
		return line.Greeting{Text: r.Line, Capabilities: r.Capabilities(), Preauth: r.Status == "PREAUTH"}, nil
	case r.Status == "BYE":
		return line.Greeting{}, r.Words().Violation(policy.ErrRefused)
	}
	return line.Greeting{}, wire.Violation(policy.ErrMalformed, text)
}

// Command sends a command and returns its tagged response, whose status is OK,
// NO or BAD.
func (c *Conn) Command(command string) (Response, error) {
	tag, err := c.Start(command)
	if err != nil {
		return Response{}, err
	}
	r, err := c.Wait(tag)
	if err == nil && r.Tag == "+" {
		err = wire.Violation(policy.ErrInjected, "+ "+r.Text)
	}
	return r, err
}

// Start sends a command and returns its tag.
func (c *Conn) Start(command string) (tag string, err error) {
	if c.n == 0 {
		copy(c.prefix[:], rand.Text())
	}
	c.n++
	tag = string(c.prefix[:]) + strconv.Itoa(c.n)
	return tag, c.Send(tag, " ", command)
}

// Wait returns the next response that is the tagged one or a continuation.
// BYE ends the wait with [*wire.Closed]. A tag that is not ours is a violation
// with reason ErrInjected.
func (c *Conn) Wait(tag string) (Response, error) {
	for {
		text, err := c.ReadLine()
		if err != nil {
			return Response{}, err
		}
		r := Parse(text)
		if c.Observe != nil && (r.Tag == "*" || r.Tag == tag) {
			c.Observe(r)
		}
		switch {
		case r.Tag == "*" && r.Status == "BYE":
			return r, wire.Hangup(r.Line)
		case r.Tag == "*":
			if err := c.skipLiterals(r); err != nil {
				return r, err
			}
		case r.Tag == "+":
			return r, nil
		case r.Tag != tag:
			return r, wire.Violation(policy.ErrInjected, text)
		case r.Status == "OK" || r.Status == "NO" || r.Status == "BAD":
			return r, nil
		default:
			return r, wire.Violation(policy.ErrMalformed, r.Line)
		}
	}
}

// skipLiterals passes over the literals in an untagged response.
func (c *Conn) skipLiterals(r Response) error {
	for text := r.Line; r.Status == ""; { // status texts may end in anything
		n, err := literal(text)
		if n < 0 || err != nil {
			return err
		}
		if err := c.Skip(n); err != nil {
			return err
		}
		if text, err = c.ReadLine(); err != nil {
			return err
		}
	}
	return nil
}
