package imapd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/mimepart"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
)

// listing is what a LIST asks for.
type listing struct {
	special   bool     // mailboxes with a special use only
	reference string   // stands before each pattern
	patterns  []string // of names
	items     []string // of the STATUS of each; nil if it is not wanted
}

// list is LIST and LSUB: every mailbox counts as subscribed.
func (s *Session) list(c *command) error {
	l := s.listing(c)
	if c.end(); c.err != nil {
		return c.err
	}
	if len(l.patterns) == 1 && l.patterns[0] == "" {
		s.Say(`* %s (\Noselect) "%s" ""`, c.verb, mailstore.Separator)
	}
	for _, name := range s.Store.Names() {
		box := s.Store.Mailbox(name)
		if box == nil || l.special && len(box.Attributes()) == 0 {
			continue
		}
		if !slices.ContainsFunc(l.patterns, func(p string) bool { return like(l.reference+p, encodeName(name)) }) {
			continue
		}
		var attributes []string
		if s.Has("SPECIAL-USE") {
			attributes = box.Attributes()
		}
		s.Say(`* %s (%s) "%s" %s`, c.verb, strings.Join(attributes, " "), mailstore.Separator, mimepart.Quote(encodeName(name)))
		if l.items != nil {
			s.tellStatus(name, box, l.items)
		}
	}
	s.done("OK listed")
	return nil
}

// listing takes the arguments of LIST (RFC 5258).
func (s *Session) listing(c *command) (l listing) {
	if c.peek() == '(' { // selection options
		c.list(func() {
			if !strings.EqualFold(c.atom(), "SPECIAL-USE") || !s.Has("SPECIAL-USE") {
				c.fail()
			}
			l.special = true
		})
		c.space()
	}
	l.reference = c.astring()
	c.space()
	pattern := func() { l.patterns = append(l.patterns, c.listMailbox()) }
	if c.peek() == '(' {
		c.list(pattern)
	} else {
		pattern()
	}
	l.items = s.returned(c)
	return l
}

// listMailbox takes a pattern for mailbox names.
func (c *command) listMailbox() string {
	if b := c.peek(); b == '"' || b == '{' {
		return c.astring()
	}
	return c.word(" ()")
}

// returned takes "RETURN (...)", and returns the items of a STATUS in it (RFC 5819),
// nil if there is none.
func (s *Session) returned(c *command) (items []string) {
	if !c.take(' ') {
		return nil
	}
	if !strings.EqualFold(c.atom(), "RETURN") {
		c.fail()
	}
	c.space()
	c.list(func() {
		switch word := strings.ToUpper(c.atom()); {
		case word == "SPECIAL-USE" && s.Has(word): // told in any case
		case word == "STATUS" && s.Has("LIST-STATUS"):
			c.space()
			items = s.statusItems(c)
		default:
			c.fail()
		}
	})
	return items
}

// statusItems takes the items of a STATUS.
func (s *Session) statusItems(c *command) (items []string) {
	c.list(func() {
		switch item := strings.ToUpper(c.atom()); item {
		case "MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "SIZE", "HIGHESTMODSEQ":
			extension := map[string]string{"SIZE": "STATUS=SIZE", "HIGHESTMODSEQ": "CONDSTORE"}[item]
			if items = append(items, item); extension != "" && !s.Has(extension) {
				c.fail()
			}
		default:
			c.fail()
		}
	})
	return items
}

// like reports whether a name matches a pattern of LIST.
func like(pattern, name string) bool {
	if pattern == "" {
		return name == ""
	}
	if b := pattern[0]; b == '*' || b == '%' {
		for i := range len(name) + 1 {
			if like(pattern[1:], name[i:]) {
				return true
			}
			if b == '%' && i < len(name) && name[i:i+1] == mailstore.Separator {
				return false
			}
		}
		return false
	}
	return name != "" && (pattern[0] == name[0] || strings.EqualFold(pattern[:1], name[:1]) && strings.EqualFold(name, "INBOX")) && like(pattern[1:], name[1:])
}

// mailbox takes the name of a mailbox that must be there. code is the refusal's
// if it is not.
func (s *Session) mailbox(c *command, code string) (*mailstore.Mailbox, string, error) {
	name := c.name()
	if c.err != nil {
		return nil, "", c.err
	}
	box := s.Store.Mailbox(name)
	if box == nil {
		return nil, name, refusal("NO [" + code + "] no such mailbox")
	}
	return box, name, nil
}

func (s *Session) status(c *command) error {
	box, name, err := s.mailbox(c, "NONEXISTENT")
	if err != nil {
		return err
	}
	c.space()
	items := s.statusItems(c)
	if c.end(); c.err != nil {
		return c.err
	}
	s.tellStatus(name, box, items)
	s.done("OK done")
	return nil
}

func (s *Session) tellStatus(name string, box *mailstore.Mailbox, items []string) {
	state := box.State()
	unseen, size := 0, 0
	for _, m := range box.Messages() {
		size += len(m.Text)
		if !has(m, `\Seen`) {
			unseen++
		}
	}
	var values []string
	for _, item := range items {
		value := map[string]any{
			"MESSAGES": state.Messages, "RECENT": 0, "UIDNEXT": state.UIDNext, "UIDVALIDITY": state.UIDValidity,
			"UNSEEN": unseen, "SIZE": size, "HIGHESTMODSEQ": state.ModSeq,
		}[item]
		if item == "HIGHESTMODSEQ" {
			s.condStore = true // RFC 7162 §3.1
		}
		values = append(values, fmt.Sprint(item, " ", value))
	}
	s.Say("* STATUS %s (%s)", mimepart.Quote(encodeName(name)), strings.Join(values, " "))
}

func (s *Session) namespace(*command) error {
	s.Say(`* NAMESPACE (("" "%s")) NIL NIL`, mailstore.Separator)
	s.done("OK done")
	return nil
}

func (s *Session) enable(c *command) error {
	var enabled []string
	for c.err == nil {
		word := strings.ToUpper(c.atom())
		if s.Has(word) && (word == "CONDSTORE" || word == "QRESYNC") {
			s.condStore, s.qResync = true, s.qResync || word == "QRESYNC"
			enabled = append(enabled, word)
		}
		if !c.take(' ') {
			break
		}
	}
	if c.end(); c.err != nil {
		return c.err
	}
	s.Say("%s", strings.Join(append([]string{"* ENABLED"}, enabled...), " "))
	s.done("OK done")
	return nil
}

func (s *Session) create(c *command) error {
	name := c.name()
	var attributes []string
	if c.take(' ') { // (USE (\Sent)) (RFC 6154 §3)
		c.list(func() {
			if !strings.EqualFold(c.atom(), "USE") || !s.Has("SPECIAL-USE") {
				c.fail()
			}
			c.space()
			c.list(func() { attributes = append(attributes, c.atom()) })
		})
	}
	if c.end(); c.err != nil {
		return c.err
	}
	if _, err := s.Store.Create(name, attributes...); err != nil {
		return refusal("NO [ALREADYEXISTS] it is there already")
	}
	s.done("OK created")
	return nil
}

func (s *Session) remove(c *command) error {
	name := c.name()
	if c.end(); c.err != nil {
		return c.err
	}
	if s.Store.Delete(name) != nil {
		return refusal("NO [NONEXISTENT] no such mailbox, or it must stay")
	}
	s.done("OK deleted")
	return nil
}

func (s *Session) rename(c *command) error {
	from := c.name()
	c.space()
	to := c.name()
	if c.end(); c.err != nil {
		return c.err
	}
	if s.Store.Rename(from, to) != nil {
		return refusal("NO [CANNOT] one is not there, or the other is")
	}
	s.done("OK renamed")
	return nil
}

func (s *Session) subscribe(c *command) error {
	if c.name(); c.err != nil {
		return c.err
	}
	s.done("OK done")
	return nil
}
