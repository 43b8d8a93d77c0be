package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"
)

// KeptID is the id of a message that is over.
type KeptID struct {
	Fingerprint Digest
	Over        time.Time
}

// Book is what a journal says.
type Book struct {
	Messages map[string]*Message // by key
	IDs      map[string]*Message
	Kept     map[string]KeptID // by id
	serial   int
}

// NewBook returns the book of a journal without lines.
func NewBook() *Book {
	return &Book{Messages: map[string]*Message{}, IDs: map[string]*Message{}, Kept: map[string]KeptID{}}
}

// Apply does what a line says, both when the journal is read and after the line was
// written. After an error the book is unchanged.
func (b *Book) Apply(e *Entry) error {
	switch e.Do {
	case DoPut:
		return b.add(e)
	case DoKept:
		if e.ID == "" || e.Sum == nil {
			return errors.New("no id or no sum")
		}
		b.Kept[e.ID] = KeptID{*e.Sum, e.Time}
		return nil
	}
	m := b.Messages[e.Msg]
	if m == nil {
		return errUnknown
	}
	switch e.Do {
	case DoMark:
		if len(e.To) == 0 || !m.has(e.To) || e.Relay < 0 {
			return errors.New("no such recipient or relay")
		}
		m.Mark, m.Relay = e.To, e.Relay
	case DoState:
		return b.set(m, e)
	case DoTold:
		return b.told(m, e)
	case DoForget:
		b.remove(m)
	default:
		return fmt.Errorf("unknown line %.20q", e.Do)
	}
	return nil
}

var errUnknown = errors.New("no message has this key")

func (b *Book) add(e *Entry) error {
	switch {
	case !isKey(e.Msg) || b.Messages[e.Msg] != nil || e.ID == "" || b.IDs[e.ID] != nil:
		return errors.New("the key or the id is missing, or is used twice")
	case e.Envelope == nil || len(e.Envelope.To) == 0 || e.Sum == nil || e.Size < 0:
		return errors.New("no envelope or no content")
	}
	m := &Message{Key: e.Msg, ID: e.ID, Serial: b.serial, Put: e.Time, Envelope: *e.Envelope, Size: e.Size, Sum: *e.Sum}
	m.Recipients = make([]Recipient, len(m.Envelope.To))
	for i := range m.Recipients {
		m.Recipients[i] = Recipient{To: i, State: Waiting}
	}
	b.serial++
	b.Messages[m.Key], b.IDs[m.ID] = m, m
	delete(b.Kept, m.ID)
	return nil
}

func (b *Book) remove(m *Message) {
	delete(b.Messages, m.Key)
	delete(b.IDs, m.ID)
}

// isKey reports whether a key can be the name of a content's file.
func isKey(s string) bool {
	other := func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '2' || r > '7') }
	return len(s) == keyLen && !slices.ContainsFunc([]rune(s), other)
}

// keyLen is the length of a key, 80 random bits in base32.
const keyLen = 16

// set replaces what is known of recipients.
func (b *Book) set(m *Message, e *Entry) error {
	for i := range e.Recipients {
		if err := e.Recipients[i].valid(len(m.Recipients)); err != nil {
			return err
		}
	}
	if e.Tries < 0 {
		return errors.New("a negative number")
	}
	for _, r := range e.Recipients {
		r.DoubtTold = m.Recipients[r.To].DoubtTold && r.State == InDoubt
		m.Recipients[r.To] = r
		m.Mark = slices.DeleteFunc(slices.Clone(m.Mark), func(i int) bool { return i == r.To })
	}
	m.Tries, m.Next = e.Tries, e.Next
	b.finish(m, e.Time)
	return nil
}

// told notes what was told.
func (b *Book) told(m *Message, e *Entry) error {
	if !m.has(e.To) || slices.ContainsFunc(e.To, func(i int) bool { return !m.Recipients[i].Ended() }) {
		return errors.New("a recipient without an end")
	}
	for _, i := range e.To {
		m.Recipients[i].Told = true
	}
	b.finish(m, e.Time)
	return nil
}

// finish replaces a message by its id if nothing is left to be done for it.
func (b *Book) finish(m *Message, now time.Time) {
	if m.over() {
		b.remove(m)
		b.Kept[m.ID] = KeptID{m.Envelope.Fingerprint(m.Sum), now}
	}
}

// NewKey returns a key for a new message.
func NewKey() string { return rand.Text()[:keyLen] }
