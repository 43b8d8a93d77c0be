package imapd

import (
	"fmt"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
)

// append is APPEND, of several messages with MULTIAPPEND (RFC 3502): all are
// stored or none. It reads its literals itself, since each may be refused.
func (s *Session) append(c *command) error {
	if err := s.mailboxLiteral(c); err != nil {
		return err
	}
	box, _, refused := s.mailbox(c, "TRYCREATE")
	var messages []mailstore.Message
	for more := true; more; more = c.peek() == ' ' {
		m, err := s.appended(c, &refused)
		if err != nil {
			return err
		}
		if messages = append(messages, m); len(messages) > 1 && !s.Has("MULTIAPPEND") && refused == nil {
			refused = refusal("BAD one message at a time")
		}
	}
	c.end()
	switch {
	case refused != nil:
		return refused
	case c.err != nil:
		return c.err
	}
	uids := box.Add(messages...)
	if err := s.sync(true); err != nil {
		return err
	}
	if s.Has("UIDPLUS") {
		s.done("OK [APPENDUID %d %s] stored", box.State().UIDValidity, setOf(uids))
	} else {
		s.done("OK stored")
	}
	return nil
}

// mailboxLiteral reads the mailbox's name if it is a literal.
func (s *Session) mailboxLiteral(c *command) error {
	if c.peek() != '{' {
		return nil
	}
	n, _, ok := literal(c.text)
	if !ok {
		return errSyntax
	}
	_, err := s.literal(c, c.text, n)
	return err
}

// appended reads one message and what is said of it. A message that is refused
// is not asked for, and read if it comes all the same.
func (s *Session) appended(c *command, refused *error) (m mailstore.Message, err error) {
	c.space()
	if c.peek() == '(' {
		m.Flags = c.flags()
		c.space()
	}
	if c.peek() == '"' {
		date, err := time.Parse("_2-Jan-2006 15:04:05 -0700", c.quoted())
		if err != nil {
			c.fail()
		}
		m.Date = date
		c.space()
	}
	n, synchronizing, ok := literal(c.text)
	switch {
	case c.err != nil:
		return m, c.err
	case !ok:
		return m, fmt.Errorf("%w: no literal", errSyntax)
	case s.MaxSize > 0 && int64(n) > s.MaxSize && *refused == nil:
		*refused = refusal("NO [TOOBIG] the message is too large")
	}
	if *refused != nil && synchronizing {
		return m, *refused
	}
	if _, err := s.literal(c, c.text, n); err != nil {
		return m, err
	}
	m.Text = c.takeLiteral()
	return m, nil
}
