package imapd

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/mailconn/mailconn/dial/dialtest/internal/mimepart"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
)

// item is one of the data items that a FETCH asks for.
type item struct {
	name    string   // FLAGS, BODY[...]
	label   string   // what stands before its data in the response
	peek    bool     // does not set \Seen
	section string   // of BODY[...]
	fields  []string // of HEADER.FIELDS
	partial bool
	from, n uint64
}

// fetch is FETCH and UID FETCH.
func (s *Session) fetch(c *command) error {
	of := c.set(s.box.last(c.uids))
	c.space()
	items := s.items(c)
	since, vanished := s.modifiers(c)
	if c.end(); c.err != nil {
		return c.err
	}
	if err := s.sync(c.uids); err != nil {
		return err
	}
	if vanished {
		s.tellVanished(since, of)
	}
	s.box.each(c, of, func(number int, m mailstore.Message) {
		if m.ModSeq > since {
			s.tellItems(c, number, m, items)
		}
	})
	s.done("OK fetched")
	return nil
}

// modifiers takes the modifiers of FETCH (RFC 7162 §3.1.4.1, §3.2.6).
func (s *Session) modifiers(c *command) (since uint64, vanished bool) {
	if !c.take(' ') {
		return 0, false
	}
	c.list(func() {
		switch word := strings.ToUpper(c.atom()); {
		case word == "CHANGEDSINCE" && s.Has("CONDSTORE"):
			c.space()
			since = c.number()
			s.condStore = true
		case word == "VANISHED" && s.qResync && c.uids:
			vanished = true
		default:
			c.fail()
		}
	})
	return since, vanished
}

// tellVanished tells which UIDs of a set were expunged since.
func (s *Session) tellVanished(since uint64, of set) {
	_, gone, _ := s.box.box.Since(since)
	gone = slices.DeleteFunc(gone, func(uid uint32) bool { return !of.has(uid) })
	if len(gone) > 0 {
		s.Say("* VANISHED (EARLIER) %s", setOf(gone))
	}
}

// items takes what is to be fetched.
func (s *Session) items(c *command) (all []item) {
	if c.peek() == '(' {
		c.list(func() { all = append(all, c.item()...) })
	} else {
		all = c.item()
	}
	for _, it := range all {
		if it.name == "MODSEQ" {
			if s.condStore = s.Has("CONDSTORE"); !s.condStore { // RFC 7162 §3.1
				c.fail()
			}
		}
	}
	return all
}

// item takes one item, or a macro.
func (c *command) item() []item {
	name := strings.ToUpper(c.word(" ()[<"))
	switch name {
	case "ALL":
		return items("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE")
	case "FAST":
		return items("FLAGS", "INTERNALDATE", "RFC822.SIZE")
	case "FULL":
		return items("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY")
	case "RFC822":
		return []item{{name: "BODY[]", label: name}}
	case "RFC822.HEADER":
		return []item{{name: "BODY[]", label: name, section: "HEADER", peek: true}}
	case "RFC822.TEXT":
		return []item{{name: "BODY[]", label: name, section: "TEXT"}}
	case "BODY", "BODY.PEEK":
		if c.peek() == '[' {
			return []item{c.section(name == "BODY.PEEK")}
		}
	case "FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE", "UID", "MODSEQ":
	default:
		c.fail()
	}
	return items(name)
}

func items(names ...string) (all []item) {
	for _, name := range names {
		all = append(all, item{name: name, label: name, peek: true})
	}
	return all
}

// section takes "[section]<from.n>".
func (c *command) section(peek bool) item {
	it := item{name: "BODY[]", peek: peek}
	c.expect('[')
	if c.peek() != ']' {
		it.section = strings.ToUpper(c.word(" ]"))
	}
	it.label = "BODY[" + it.section
	if c.take(' ') {
		c.list(func() { it.fields = append(it.fields, c.astring()) })
		it.label += " (" + strings.Join(it.fields, " ") + ")"
	}
	c.expect(']')
	it.label += "]"
	if c.take('<') {
		it.partial, it.from = true, c.number()
		c.expect('.')
		it.n = c.number()
		c.expect('>')
		it.label += fmt.Sprintf("<%d>", it.from)
	}
	return it
}

// tellItems answers a FETCH for one message.
func (s *Session) tellItems(c *command, number int, m mailstore.Message, items []item) {
	if !s.box.readOnly && !has(m, `\Seen`) && slices.ContainsFunc(items, func(it item) bool { return !it.peek }) {
		var ok bool
		if m, items, ok = s.markSeen(m, items); !ok {
			return // it was expunged a moment ago
		}
	}
	var b strings.Builder
	add := func(label, value string) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(label + " " + value)
	}
	named := map[string]bool{}
	root := sync.OnceValue(func() *mimepart.Part { return mimepart.Parse(m.Text) })
	for _, it := range items {
		named[it.name] = true
		add(it.label, it.value(m, root))
	}
	if c.uids && !named["UID"] {
		add("UID", fmt.Sprint(m.UID))
	}
	if s.condStore && !named["MODSEQ"] {
		add("MODSEQ", fmt.Sprintf("(%d)", m.ModSeq))
	}
	s.Say("* %d FETCH (%s)", number, b.String())
}

// markSeen sets \Seen, and has the new flags among the items. It reports whether the
// message is still there.
func (s *Session) markSeen(m mailstore.Message, items []item) (mailstore.Message, []item, bool) {
	m, ok := s.box.box.Update(m.UID, func(m mailstore.Message) []string { return slices.Concat(m.Flags, []string{`\Seen`}) })
	if !ok {
		return m, items, false
	}
	s.box.tells(m.ModSeq)
	if !slices.ContainsFunc(items, func(it item) bool { return it.name == "FLAGS" }) {
		items = append(slices.Clone(items), item{name: "FLAGS", label: "FLAGS"})
	}
	return m, items, true
}

// value returns an item of a message.
func (it item) value(m mailstore.Message, root func() *mimepart.Part) string {
	switch it.name {
	case "UID":
		return fmt.Sprint(m.UID)
	case "FLAGS":
		return "(" + strings.Join(m.Flags, " ") + ")"
	case "MODSEQ":
		return fmt.Sprintf("(%d)", m.ModSeq)
	case "INTERNALDATE":
		return mimepart.Quote(m.Date.Format("_2-Jan-2006 15:04:05 -0700"))
	case "RFC822.SIZE":
		return fmt.Sprint(len(m.Text))
	case "ENVELOPE":
		return root().Envelope()
	case "BODY", "BODYSTRUCTURE":
		return root().Structure(it.name == "BODYSTRUCTURE")
	}
	text, ok := root().Section(it.section, it.fields)
	if !ok {
		return "NIL"
	}
	if it.partial {
		from := min(it.from, uint64(len(text)))
		text = text[from:min(from+it.n, uint64(len(text)))]
	}
	return fmt.Sprintf("{%d}\r\n%s", len(text), text)
}
