package imapd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
)

// store is STORE and UID STORE.
func (s *Session) store(c *command) error {
	of := c.set(s.box.last(c.uids))
	c.space()
	unchangedSince := ^uint64(0)
	if c.peek() == '(' {
		c.list(func() {
			if !strings.EqualFold(c.atom(), "UNCHANGEDSINCE") || !s.Has("CONDSTORE") {
				c.fail()
			}
			c.space()
			unchangedSince = c.number()
			s.condStore = true
		})
		c.space()
	}
	how, silent := strings.CutSuffix(strings.ToUpper(c.atom()), ".SILENT")
	c.space()
	flags := c.flags()
	if c.end(); c.err != nil {
		return c.err
	}
	change := flagChange(how, flags)
	if change == nil {
		return refusal("BAD FLAGS, +FLAGS or -FLAGS")
	}
	if err := s.mayWrite(); err != nil {
		return err
	}
	if err := s.sync(c.uids); err != nil {
		return err
	}
	modified := s.change(c, of, unchangedSince, change, silent)
	if len(modified) > 0 {
		s.done("OK [MODIFIED %s] some have changed", setOf(modified))
		return nil
	}
	s.done("OK stored")
	return nil
}

// change changes flags and tells them, and returns the numbers of the messages
// that have changed since.
func (s *Session) change(c *command, of set, unchangedSince uint64, change func([]string) []string, silent bool) (modified []uint32) {
	s.box.each(c, of, func(number int, m mailstore.Message) {
		stale := false
		now, ok := s.box.box.Update(m.UID, func(m mailstore.Message) []string {
			if stale = m.ModSeq > unchangedSince; stale {
				return nil
			}
			return change(m.Flags)
		})
		switch {
		case stale && c.uids:
			modified = append(modified, m.UID)
			return
		case stale:
			modified = append(modified, uint32(number))
			return
		case !ok:
			return
		}
		s.box.tells(now.ModSeq)
		switch {
		case !silent:
			s.Say("* %d FETCH (%s)", number, s.flagItems(now, c.uids))
		case s.condStore:
			s.Say("* %d FETCH (UID %d MODSEQ (%d))", number, now.UID, now.ModSeq)
		}
	})
	return modified
}

// flags takes a list of flags, with or without parentheses.
func (c *command) flags() []string {
	flags := []string{}
	if c.peek() == '(' {
		c.list(func() { flags = append(flags, c.atom()) })
		return flags
	}
	for flags = append(flags, c.atom()); c.err == nil && c.take(' '); {
		flags = append(flags, c.atom())
	}
	return flags
}

// flagChange returns what STORE does to flags, nil if it does not know how.
func flagChange(how string, flags []string) func([]string) []string {
	without := func(old []string) []string {
		return slices.DeleteFunc(slices.Clone(old), func(o string) bool {
			return slices.ContainsFunc(flags, func(f string) bool { return strings.EqualFold(o, f) })
		})
	}
	switch how {
	case "FLAGS":
		return func([]string) []string { return flags }
	case "+FLAGS":
		return func(old []string) []string { return slices.Concat(old, flags) }
	case "-FLAGS":
		return func(old []string) []string { return append([]string{}, without(old)...) }
	}
	return nil
}

// copy is COPY and MOVE (RFC 6851).
func (s *Session) copy(c *command) error {
	of := c.set(s.box.last(c.uids))
	c.space()
	to, _, err := s.mailbox(c, "TRYCREATE")
	if err != nil {
		return err
	}
	if c.end(); c.err != nil {
		return c.err
	}
	move := c.verb == "MOVE"
	if move {
		if err := s.mayWrite(); err != nil {
			return err
		}
	}
	var messages []mailstore.Message
	var from []uint32
	s.box.each(c, of, func(_ int, m mailstore.Message) {
		from = append(from, m.UID)
		m.ID = ""
		messages = append(messages, m)
	})
	code := ""
	if uids := to.Add(messages...); len(uids) > 0 && s.Has("UIDPLUS") {
		code = fmt.Sprintf("[COPYUID %d %s %s] ", to.State().UIDValidity, setOf(from), setOf(uids))
	}
	if move {
		return s.moved(from, code)
	}
	s.done("OK %scopied", code)
	return nil
}

// moved ends a MOVE: it removes the messages that were copied. code is what COPYUID says
// of them, or empty.
func (s *Session) moved(from []uint32, code string) error {
	if code != "" {
		s.Say("* OK %smoved", code)
	}
	s.box.box.Expunge(from...)
	if err := s.sync(true); err != nil {
		return err
	}
	s.doneChanging("OK", "moved")
	return nil
}
