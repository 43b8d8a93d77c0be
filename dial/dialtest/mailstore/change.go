package mailstore

import (
	"slices"
	"strings"
)

// Expunge removes messages and returns the UIDs of those that were there.
func (m *Mailbox) Expunge(uids ...uint32) []uint32 {
	remove := map[uint32]bool{}
	for _, uid := range uids {
		remove[uid] = true
	}
	var gone []uint32
	m.mu.Lock()
	m.modSeq++
	m.messages = slices.DeleteFunc(slices.Clone(m.messages), func(msg *Message) bool {
		if remove[msg.UID] {
			m.vanished = append(m.vanished, vanished{msg.UID, m.modSeq})
			gone = append(gone, msg.UID)
		}
		return remove[msg.UID]
	})
	m.mu.Unlock()
	m.changed()
	return gone
}

// SetFlags replaces the flags of a message, and reports whether it is there.
func (m *Mailbox) SetFlags(uid uint32, flags ...string) bool {
	_, ok := m.Update(uid, func(Message) []string { return append([]string{}, flags...) })
	return ok
}

// Update replaces the flags of a message by those that flags returns for it; nil leaves
// them unchanged. It returns the updated message, and whether there is one with this UID.
// flags must not use the mailbox.
func (m *Mailbox) Update(uid uint32, flags func(Message) []string) (Message, bool) {
	m.mu.Lock()
	i, ok := m.find(uid)
	if !ok {
		m.mu.Unlock()
		return Message{}, false
	}
	msg := *m.messages[i]
	if next := flags(msg); next != nil {
		if next = sorted(next); !slices.EqualFunc(next, msg.Flags, strings.EqualFold) {
			m.modSeq++
			msg.Flags, msg.ModSeq = next, m.modSeq
			m.messages[i] = &msg
		}
	}
	m.mu.Unlock()
	m.changed()
	return msg, true
}

// Since returns the changes after a modification sequence, each list in the order of UIDs:
// the messages that were added or whose flags changed, and the UIDs of those that were
// expunged. now is the current modification sequence.
func (m *Mailbox) Since(modSeq uint64) (changed []Message, expunged []uint32, now uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if modSeq >= m.modSeq {
		return nil, nil, m.modSeq
	}
	for _, msg := range m.messages {
		if msg.ModSeq > modSeq {
			changed = append(changed, *msg)
		}
	}
	for _, v := range m.vanished {
		if v.modSeq > modSeq {
			expunged = append(expunged, v.uid)
		}
	}
	slices.Sort(expunged)
	return changed, expunged, m.modSeq
}

// Watch calls f after each change, until stop is called. f must not block.
func (m *Mailbox) Watch(f func()) (stop func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watchers = append(m.watchers, &f)
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.watchers = slices.DeleteFunc(slices.Clone(m.watchers), func(w *func()) bool { return w == &f })
	}
}

// moveAll moves all messages to a new mailbox.
func (m *Mailbox) moveAll(to *Mailbox) {
	all := m.Messages()
	to.Add(all...)
	uids := make([]uint32, len(all))
	for i, msg := range all {
		uids[i] = msg.UID
	}
	m.Expunge(uids...) // and not what has come meanwhile
}
