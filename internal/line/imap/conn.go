package imap

import (
	"cmp"
	"crypto/rand"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Conn runs IMAP commands over lines. Its tags cannot be guessed, so nobody
// can answer a command before it was sent.
type Conn struct {
	*wire.Lines
	// Heard, if set, sees the responses to commands, untagged and tagged.
	// Untagged ones are dropped otherwise.
	Heard func(Response)

	prefix string
	n      int
}

// New returns a Conn with a fresh tag prefix.
func New(l *wire.Lines) *Conn {
	return &Conn{Lines: l, prefix: rand.Text()[:8]}
}

// Greeting reads the server's greeting: OK or PREAUTH. BYE is a violation with
// reason ErrRefused, everything else one with ErrMalformed.
func (c *Conn) Greeting() (Response, error) {
	line, err := c.ReadLine()
	if err != nil {
		return Response{}, err
	}
	r := Parse(line)
	switch {
	case r.Tag != "*":
	case r.Status == "OK" || r.Status == "PREAUTH":
		return r, nil
	case r.Status == "BYE":
		return r, wire.Violation(policy.ErrRefused, r.Line)
	}
	return r, wire.Violation(policy.ErrMalformed, line)
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
	c.n++
	tag = c.prefix + strconv.Itoa(c.n)
	return tag, c.Send(tag + " " + command)
}

// Wait returns the next response that is the tagged one or a continuation.
// BYE ends the wait with [*wire.Closed]. A tag that is not ours is a violation
// with reason ErrInjected.
func (c *Conn) Wait(tag string) (Response, error) {
	for {
		line, err := c.ReadLine()
		if err != nil {
			return Response{}, err
		}
		r := Parse(line)
		if c.Heard != nil && (r.Tag == "*" || r.Tag == tag) {
			c.Heard(r)
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
			return r, wire.Violation(policy.ErrInjected, line)
		case r.Status == "OK" || r.Status == "NO" || r.Status == "BAD":
			return r, nil
		default:
			return r, wire.Violation(policy.ErrMalformed, r.Line)
		}
	}
}

// skipLiterals passes over the literals in an untagged response.
func (c *Conn) skipLiterals(r Response) error {
	for line := r.Line; r.Status == ""; { // status texts may end in anything
		n, err := literal(line)
		if n < 0 || err != nil {
			return err
		}
		if err := c.Skip(n); err != nil {
			return err
		}
		if line, err = c.ReadLine(); err != nil {
			return err
		}
	}
	return nil
}

// Capability asks for the capabilities. A server that refuses to list them, or
// says OK without a list, has sent a malformed answer.
func (c *Conn) Capability() ([]string, error) {
	var caps []string // the union, if there are several lists
	var bad error     // the first
	listed := false
	hook := c.Heard
	defer func() { c.Heard = hook }()
	c.Heard = func(r Response) {
		if r.Tag == "*" && r.Status == "" && isCapability(r.Line) {
			more, err := ParseCapabilities(r.Line[len("CAPABILITY"):])
			caps, bad, listed = append(caps, more...), cmp.Or(bad, err), true
		} else if hook != nil {
			hook(r)
		}
	}
	r, err := c.Command("CAPABILITY")
	switch {
	case err != nil:
		return nil, err
	case bad != nil:
		return nil, bad
	case r.Status != "OK" || !listed:
		return nil, wire.Violation(policy.ErrMalformed, r.Line)
	}
	return append([]string{}, caps...), nil
}

// Speaks returns a violation if a capability list is not that of an IMAP4rev1
// or IMAP4rev2 server (RFC 9051 §7.2.2).
func Speaks(caps []string) error {
	for _, c := range caps {
		if c == "IMAP4REV1" || c == "IMAP4REV2" {
			return nil
		}
	}
	return wire.Violation(policy.ErrMalformed, "CAPABILITY "+strings.Join(caps, " "))
}
