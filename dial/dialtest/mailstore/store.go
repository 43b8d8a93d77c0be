package mailstore

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Separator separates the levels of a mailbox's name.
const Separator = "/"

// ErrMailbox is returned for a mailbox that does not exist, or exists already.
var ErrMailbox = errors.New("mailstore: no such mailbox, or it exists already")

// Store is the mail of one account. Use [New] to make one.
type Store struct {
	mu          sync.Mutex
	mailboxes   map[string]*Mailbox
	uidValidity uint32 // of the last mailbox that was made
}

// New returns a store with an empty INBOX.
func New() *Store {
	s := &Store{mailboxes: make(map[string]*Mailbox), uidValidity: 1000}
	s.mailboxes["INBOX"] = s.newMailbox(nil)
	return s
}

// newMailbox makes a mailbox with a UIDVALIDITY that no other had.
func (s *Store) newMailbox(attributes []string) *Mailbox {
	m := &Mailbox{store: s, attributes: slices.Clone(attributes), uidNext: 1, modSeq: 1}
	m.uidValidity = s.nextUIDValidity()
	return m
}

func (s *Store) nextUIDValidity() uint32 {
	s.uidValidity++
	return s.uidValidity
}

// canonical returns the one way to write a mailbox's name: INBOX is the same in
// any case (RFC 9051 §5.1).
func canonical(name string) string {
	first, rest, below := strings.Cut(name, Separator)
	if strings.EqualFold(first, "INBOX") {
		first = "INBOX"
	}
	if below {
		return first + Separator + rest
	}
	return first
}

// Inbox returns the mailbox that new mail is delivered to.
func (s *Store) Inbox() *Mailbox { return s.Mailbox("INBOX") }

// Mailbox returns the mailbox with a name, and nil if there is none.
func (s *Store) Mailbox(name string) *Mailbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mailboxes[canonical(name)]
}

// Names returns the names of all mailboxes, sorted.
func (s *Store) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.mailboxes))
}

// Create makes a mailbox. Attributes are those that LIST tells of it, such as
// \Sent (RFC 6154). The error wraps [ErrMailbox] if the mailbox exists.
func (s *Store) Create(name string, attributes ...string) (*Mailbox, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = canonical(strings.TrimSuffix(name, Separator))
	if name == "" || s.mailboxes[name] != nil {
		return nil, fmt.Errorf("%w: %q", ErrMailbox, name)
	}
	s.mailboxes[name] = s.newMailbox(attributes)
	return s.mailboxes[name], nil
}

// Delete removes a mailbox. Sessions that have it open can still use it. INBOX cannot be
// deleted. The error wraps [ErrMailbox].
func (s *Store) Delete(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = canonical(name)
	if name == "INBOX" || s.mailboxes[name] == nil {
		return fmt.Errorf("%w: %q", ErrMailbox, name)
	}
	delete(s.mailboxes, name)
	return nil
}

// Rename gives a mailbox, and those below it, another name. INBOX is not renamed:
// its messages are moved to the new mailbox (RFC 9051 §6.3.6). The error wraps
// [ErrMailbox].
func (s *Store) Rename(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, to = canonical(from), canonical(to)
	if to == "" || s.mailboxes[from] == nil || s.mailboxes[to] != nil {
		return fmt.Errorf("%w: %q to %q", ErrMailbox, from, to)
	}
	if from == "INBOX" {
		s.mailboxes[to] = s.newMailbox(nil)
		s.mailboxes[from].moveAll(s.mailboxes[to])
		return nil
	}
	for name, m := range maps.Clone(s.mailboxes) {
		if below, ok := strings.CutPrefix(name, from); ok && (below == "" || strings.HasPrefix(below, Separator)) {
			delete(s.mailboxes, name)
			s.mailboxes[to+below] = m
		}
	}
	return nil
}

// Renumber gives the mailbox a new UIDVALIDITY, and its messages new UIDs from 1 on, as a
// server does that has lost its index.
func (m *Mailbox) Renumber() {
	m.store.mu.Lock()
	validity := m.store.nextUIDValidity()
	m.store.mu.Unlock()
	m.mu.Lock()
	m.uidValidity, m.uidNext, m.vanished = validity, 1, nil
	m.modSeq++
	for i, old := range m.messages {
		msg := *old
		msg.UID, msg.ModSeq = m.uidNext, m.modSeq
		m.messages[i] = &msg
		m.uidNext++
	}
	m.mu.Unlock()
	m.changed()
}
