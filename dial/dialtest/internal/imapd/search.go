package imapd

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest/internal/mimepart"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
)

// test is a criterion of SEARCH.
type test func(number int, m mailstore.Message) bool

// search is SEARCH and UID SEARCH (RFC 3501 §6.4.4, RFC 4731).
func (s *Session) search(c *command) error {
	options, extended := s.searchOptions(c)
	if c.takeWord("CHARSET") {
		c.astring()
		c.space()
	}
	tests := []test{s.key(c)}
	for c.err == nil && c.take(' ') {
		tests = append(tests, s.key(c))
	}
	if c.end(); c.err != nil {
		return c.err
	}
	if err := s.sync(c.uids); err != nil {
		return err
	}
	found, modSeq := s.box.find(c, all(tests))
	if !c.modSeq {
		modSeq = 0
	}
	if extended {
		s.tellExtended(c, options, found, modSeq)
	} else {
		s.tellFound(found, modSeq)
	}
	s.done("OK searched")
	return nil
}

// searchOptions takes "RETURN (...)", and reports whether it is there (RFC 4731).
func (s *Session) searchOptions(c *command) (options []string, extended bool) {
	if !s.Has("ESEARCH") || !c.takeWord("RETURN") {
		return nil, false
	}
	c.list(func() {
		option := strings.ToUpper(c.atom())
		if !slices.Contains([]string{"ALL", "COUNT", "MIN", "MAX"}, option) {
			c.fail()
		}
		options = append(options, option)
	})
	c.space()
	return options, true
}

// takeWord takes a word and the blank after it if they are next.
func (c *command) takeWord(word string) bool {
	n := len(word) + 1
	if len(c.text) < n || !strings.EqualFold(c.text[:n], word+" ") {
		return false
	}
	c.text = c.text[n:]
	return true
}

// find returns the numbers or the UIDs of the messages that pass a test, and their highest
// modification sequence.
func (v *view) find(c *command, passes test) (found []uint32, modSeq uint64) {
	v.each(c, nil, func(number int, m mailstore.Message) {
		if !passes(number, m) {
			return
		}
		modSeq = max(modSeq, m.ModSeq)
		if c.uids {
			found = append(found, m.UID)
		} else {
			found = append(found, uint32(number))
		}
	})
	return found, modSeq
}

// tellFound answers with SEARCH, and a modification sequence if it is not zero
// (RFC 7162 §3.1.5).
func (s *Session) tellFound(found []uint32, modSeq uint64) {
	line := "* SEARCH"
	for _, n := range found {
		line += fmt.Sprint(" ", n)
	}
	if modSeq > 0 {
		line += fmt.Sprintf(" (MODSEQ %d)", modSeq)
	}
	s.Say("%s", line)
}

// tellExtended answers with ESEARCH (RFC 4731).
func (s *Session) tellExtended(c *command, options []string, found []uint32, modSeq uint64) {
	line := fmt.Sprintf("* ESEARCH (TAG %s)", mimepart.Quote(s.tag))
	if c.uids {
		line += " UID"
	}
	if len(options) == 0 {
		options = []string{"ALL"}
	}
	for _, option := range options {
		switch {
		case option == "COUNT":
			line += fmt.Sprintf(" COUNT %d", len(found))
		case len(found) == 0:
		case option == "ALL":
			line += " ALL " + setOf(found)
		case option == "MIN":
			line += fmt.Sprintf(" MIN %d", found[0])
		case option == "MAX":
			line += fmt.Sprintf(" MAX %d", found[len(found)-1])
		}
	}
	if modSeq > 0 {
		line += fmt.Sprintf(" MODSEQ %d", modSeq)
	}
	s.Say("%s", line)
}

func all(tests []test) test {
	return func(number int, m mailstore.Message) bool {
		return !slices.ContainsFunc(tests, func(t test) bool { return !t(number, m) })
	}
}

// key takes one criterion.
func (s *Session) key(c *command) test {
	switch b := c.peek(); {
	case b == '(':
		var tests []test
		c.list(func() { tests = append(tests, s.key(c)) })
		return all(tests)
	case b >= '0' && b <= '9' || b == '*':
		of := c.set(s.box.last(false))
		return func(number int, _ mailstore.Message) bool { return of.has(uint32(number)) }
	}
	word := strings.ToUpper(c.atom())
	switch word {
	case "ALL", "OLD":
		return func(int, mailstore.Message) bool { return true }
	case "RECENT", "NEW":
		return func(int, mailstore.Message) bool { return false }
	case "NOT":
		c.space()
		t := s.key(c)
		return func(n int, m mailstore.Message) bool { return !t(n, m) }
	case "OR":
		c.space()
		a := s.key(c)
		c.space()
		b := s.key(c)
		return func(n int, m mailstore.Message) bool { return a(n, m) || b(n, m) }
	case "UID":
		c.space()
		of := c.set(s.box.last(true))
		return func(_ int, m mailstore.Message) bool { return of.has(m.UID) }
	}
	if t := flagKey(c, word); t != nil {
		return t
	}
	c.space()
	return s.valueKey(c, word)
}

// flagKey returns the criterion of a word that is about a flag, nil for others.
func flagKey(c *command, word string) test {
	name, unset := strings.CutPrefix(word, "UN")
	flag := ""
	switch name {
	case "ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN":
		flag = `\` + name
	case "KEYWORD":
		c.space()
		flag = c.atom()
	default:
		return nil
	}
	return func(_ int, m mailstore.Message) bool { return has(m, flag) != unset }
}

// valueKey takes the value of a criterion.
func (s *Session) valueKey(c *command, word string) test {
	switch word {
	case "LARGER", "SMALLER":
		n := int(c.number())
		return func(_ int, m mailstore.Message) bool {
			return word == "LARGER" && len(m.Text) > n || word == "SMALLER" && len(m.Text) < n
		}
	case "MODSEQ":
		if !s.Has("CONDSTORE") {
			c.fail()
		}
		if c.peek() == '"' { // the entry that is meant: there is one only
			c.quoted()
			c.space()
			c.atom()
			c.space()
		}
		n := c.number()
		s.condStore, c.modSeq = true, true
		return func(_ int, m mailstore.Message) bool { return m.ModSeq >= n }
	case "BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE":
		return dateKey(word, c.date())
	case "FROM", "TO", "CC", "BCC", "SUBJECT":
		return headerKey(word, c.astring())
	case "HEADER":
		name := c.astring()
		c.space()
		return headerKey(name, c.astring())
	case "BODY", "TEXT":
		value := strings.ToLower(c.astring())
		return func(_ int, m mailstore.Message) bool {
			text := m.Text
			if word == "BODY" {
				text = mimepart.Parse(text).Body
			}
			return strings.Contains(strings.ToLower(text), value)
		}
	}
	c.fail()
	return nil
}

func headerKey(name, value string) test {
	return func(_ int, m mailstore.Message) bool {
		for _, f := range mimepart.Parse(m.Text).Fields() {
			key, text, _ := strings.Cut(f, ":")
			if strings.EqualFold(strings.TrimSpace(key), name) && strings.Contains(strings.ToLower(text), strings.ToLower(value)) {
				return true
			}
		}
		return false
	}
}

// date takes a date.
func (c *command) date() time.Time {
	text := strings.Trim(c.word(" )"), `"`)
	d, err := time.Parse("2-Jan-2006", text)
	if err != nil {
		c.fail()
	}
	return d
}

// dateKey compares dates, disregarding time and zone.
func dateKey(word string, day time.Time) test {
	how, sent := strings.CutPrefix(word, "SENT")
	return func(_ int, m mailstore.Message) bool {
		date := m.Date
		if sent {
			var err error
			if date, err = mail.ParseDate(mimepart.Parse(m.Text).Field("Date")); err != nil {
				return false
			}
		}
		y, month, d := date.Date()
		date = time.Date(y, month, d, 0, 0, 0, 0, time.UTC)
		switch how {
		case "BEFORE":
			return date.Before(day)
		case "ON":
			return date.Equal(day)
		}
		return !date.Before(day)
	}
}
