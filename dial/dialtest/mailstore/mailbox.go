package mailstore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Message is a message in a mailbox.
type Message struct {
	// UID and ModSeq are set by the mailbox. ModSeq is the message's
	// modification sequence (RFC 7162), which grows with each change of its flags.
	UID    uint32
	ModSeq uint64
	// ID is the unique identifier of POP3's UIDL. If it is empty, the mailbox sets it to
	// one that no other message has.
	ID string
	// Flags are the message's IMAP flags, sorted, such as \Seen.
	Flags []string
	// Date is when the message arrived. If it is zero, the mailbox sets it to the current
	// time.
	Date time.Time
	// Text is the message. Its lines end in CRLF.
	Text string
}

// Mailbox is a list of messages in the order of their UIDs.
type Mailbox struct {
	store      *Store
	attributes []string

	mu          sync.Mutex
	uidValidity uint32
	uidNext     uint32
	modSeq      uint64     // of the last change
	messages    []*Message // never changed, only replaced
	vanished    []vanished
	watchers    []*func()
}

// vanished is a message that was expunged.
type vanished struct {
	uid    uint32
	modSeq uint64 // of the expunge
}

// State is the state of a mailbox at one moment.
type State struct {
	// UIDValidity and UIDNext are those of RFC 3501 §2.3.1.1.
	UIDValidity, UIDNext uint32
	// ModSeq is the highest modification sequence (RFC 7162).
	ModSeq uint64
	// Messages is the number of messages.
	Messages int
}

// State returns the current state of the mailbox.
func (m *Mailbox) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return State{m.uidValidity, m.uidNext, m.modSeq, len(m.messages)}
}

// Attributes returns the mailbox's attributes for LIST.
func (m *Mailbox) Attributes() []string { return slices.Clone(m.attributes) }

// Deliver adds new messages and returns their UIDs. In the texts it replaces LF alone by
// CRLF.
func (m *Mailbox) Deliver(texts ...string) []uint32 {
	messages := make([]Message, len(texts))
	for i, text := range texts {
		messages[i].Text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	}
	return m.Add(messages...)
}

// Add adds messages, with their texts as they are, and returns their UIDs.
func (m *Mailbox) Add(messages ...Message) []uint32 {
	m.mu.Lock()
	uids := make([]uint32, len(messages))
	m.modSeq++
	for i, msg := range messages {
		msg.UID, msg.ModSeq = m.uidNext, m.modSeq
		msg.Flags = sorted(msg.Flags)
		if msg.ID == "" {
			msg.ID = fmt.Sprintf("%d.%d", m.uidValidity, msg.UID)
		}
		if msg.Date.IsZero() {
			msg.Date = time.Now()
		}
		m.messages = append(m.messages, &msg)
		uids[i] = msg.UID
		m.uidNext++
	}
	m.mu.Unlock()
	m.changed()
	return uids
}

// sorted returns flags in order, without repetitions. Case does not matter.
func sorted(flags []string) []string {
	all := slices.Clone(flags)
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return slices.CompactFunc(all, strings.EqualFold)
}

// Messages returns all messages.
func (m *Mailbox) Messages() []Message {
	return each(m, func(msg *Message) Message { return *msg })
}

// Texts returns the texts of all messages.
func (m *Mailbox) Texts() []string { return each(m, func(msg *Message) string { return msg.Text }) }

// UIDs returns the UIDs of all messages.
func (m *Mailbox) UIDs() []uint32 { return each(m, func(msg *Message) uint32 { return msg.UID }) }

// each returns what of returns for each message of a mailbox.
func each[T any](m *Mailbox, of func(*Message) T) []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]T, len(m.messages))
	for i, msg := range m.messages {
		all[i] = of(msg)
	}
	return all
}

// find returns the index that a message has, or would have; mu is held.
func (m *Mailbox) find(uid uint32) (int, bool) {
	return slices.BinarySearchFunc(m.messages, uid, func(msg *Message, uid uint32) int { return cmp.Compare(msg.UID, uid) })
}

// Message returns a message, and whether it is there.
func (m *Mailbox) Message(uid uint32) (Message, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.find(uid)
	if !ok {
		return Message{}, false
	}
	return *m.messages[i], true
}

// changed tells the watchers.
func (m *Mailbox) changed() {
	m.mu.Lock()
	watchers := m.watchers
	m.mu.Unlock()
	for _, f := range watchers {
		(*f)()
	}
}
