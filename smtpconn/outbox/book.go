package outbox

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"
)

// keptID is the id of a message that is over.
type keptID struct {
	print digest
	over  time.Time
}

// book is what a journal says.
type book struct {
	messages map[string]*message // by key
	ids      map[string]*message
	kept     map[string]keptID // by id
	serial   int
}

func newBook() *book {
	return &book{messages: map[string]*message{}, ids: map[string]*message{}, kept: map[string]keptID{}}
}

// apply does what a line says, both when the journal is read and after the line was
// written. After an error the book is unchanged.
func (b *book) apply(e *entry) error {
	switch e.Do {
	case doPut:
		return b.add(e)
	case doKept:
		if e.ID == "" || e.Sum == nil {
			return errors.New("no id or no sum")
		}
		b.kept[e.ID] = keptID{*e.Sum, e.Time}
		return nil
	}
	m := b.messages[e.Msg]
	if m == nil {
		return errUnknown
	}
	switch e.Do {
	case doMark:
		if len(e.To) == 0 || !m.has(e.To) || e.Relay < 0 {
			return errors.New("no such recipient or relay")
		}
		m.mark, m.relay = e.To, e.Relay
	case doState:
		return b.set(m, e)
	case doTold:
		return b.told(m, e)
	case doForget:
		b.remove(m)
	default:
		return fmt.Errorf("unknown line %.20q", e.Do)
	}
	return nil
}

var errUnknown = errors.New("no message has this key")

func (b *book) add(e *entry) error {
	switch {
	case !isKey(e.Msg) || b.messages[e.Msg] != nil || e.ID == "" || b.ids[e.ID] != nil:
		return errors.New("the key or the id is missing, or is used twice")
	case e.Envelope == nil || len(e.Envelope.To) == 0 || e.Sum == nil || e.Size < 0:
		return errors.New("no envelope or no content")
	}
	m := &message{key: e.Msg, id: e.ID, serial: b.serial, put: e.Time, env: *e.Envelope, size: e.Size, sum: *e.Sum}
	m.rcpts = make([]recipient, len(m.env.To))
	for i := range m.rcpts {
		m.rcpts[i] = recipient{To: i, State: waiting}
	}
	b.serial++
	b.messages[m.key], b.ids[m.id] = m, m
	delete(b.kept, m.id)
	return nil
}

func (b *book) remove(m *message) {
	delete(b.messages, m.key)
	delete(b.ids, m.id)
}

// isKey reports whether a key can be the name of a content's file.
func isKey(s string) bool {
	other := func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '2' || r > '7') }
	return len(s) == keyLen && !slices.ContainsFunc([]rune(s), other)
}

// keyLen is the length of a key, 80 random bits in base32.
const keyLen = 16

// set replaces what is known of recipients.
func (b *book) set(m *message, e *entry) error {
	for i := range e.Recipients {
		if err := e.Recipients[i].valid(len(m.rcpts)); err != nil {
			return err
		}
	}
	if e.Tries < 0 {
		return errors.New("a negative number")
	}
	for _, r := range e.Recipients {
		r.doubtTold = m.rcpts[r.To].doubtTold && r.State == inDoubt
		m.rcpts[r.To] = r
		m.mark = slices.DeleteFunc(slices.Clone(m.mark), func(i int) bool { return i == r.To })
	}
	m.tries, m.next = e.Tries, e.Next
	b.finish(m, e.Time)
	return nil
}

// told notes what was told.
func (b *book) told(m *message, e *entry) error {
	if !m.has(e.To) || slices.ContainsFunc(e.To, func(i int) bool { return !m.rcpts[i].ended() }) {
		return errors.New("a recipient without an end")
	}
	for _, i := range e.To {
		m.rcpts[i].Told = true
	}
	b.finish(m, e.Time)
	return nil
}

// finish replaces a message by its id if nothing is left to be done for it.
func (b *book) finish(m *message, now time.Time) {
	if m.over() {
		b.remove(m)
		b.kept[m.id] = keptID{m.env.fingerprint(m.sum), now}
	}
}

func newKey() string { return rand.Text()[:keyLen] }
