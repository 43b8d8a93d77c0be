package pop3watch

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/mailconn/mailconn/pop3conn"
)

// delete deletes the messages that are due. It notes that first: if the session or the
// process then ends so that it is not known whether a message is gone, the next look can
// tell it from another that was given its identifier.
func (l *look) delete(ctx context.Context) error {
	msgs := l.certain()
	if len(msgs) == 0 {
		return nil
	}
	during, before := map[string]Note{}, map[string]Note{}
	for _, m := range msgs {
		note := l.notes[m.Key]
		note.state = handled
		before[m.Key] = note
		note.state = going
		during[m.Key] = note
	}
	if err := l.save(ctx, during); err != nil {
		return err
	}
	marked, err := l.client.DeleEach(ctx, listings(msgs))
	if ended := l.client.Err(); ended != nil { // without QUIT nothing is deleted
		if err := l.save(ctx, before); err != nil {
			return err
		}
		return ended
	}
	after := l.after(msgs, marked, causes(err), before)
	if err := l.client.Quit(ctx); err != nil {
		return l.outage(err)
	}
	l.result.Deleted = len(marked)
	return l.save(ctx, after)
}

// after returns the notes of messages once those that are marked are gone, from the notes
// before. It calls Refused for those that the server has refused to mark. They keep their
// notes, under the keys with which they will be listed. Those that are gone keep a note
// until the next look, which shows whether they are.
func (l *look) after(msgs []*Message, marked []pop3conn.Listing, refused []error, before map[string]Note) map[string]Note {
	gone := map[int]bool{}
	for _, listing := range marked {
		gone[listing.Msg] = true
	}
	stay, went := []*Message{}, []*Message{}
	for _, m := range msgs {
		if gone[m.Msg] {
			went = append(went, m)
			continue
		}
		stay = append(stay, m)
		l.refuse(m, refused[0])
		refused = refused[min(1, len(refused)-1):]
	}
	after, order := map[string]Note{}, slices.Concat(stay, went)
	for i, m := range keyed(listings(order)) {
		note := before[order[i].Key]
		if i >= len(stay) {
			note.state = deleted
		}
		after[m.Key] = note
	}
	return after
}

// certain returns the messages to be deleted, in the mailbox's order. Those that share an
// identifier are deleted together, when all are due: otherwise those that stay would get
// the keys of those that are deleted.
func (l *look) certain() (msgs []*Message) {
	due := map[string]int{}
	for _, m := range l.due {
		due[m.ID]++
	}
	for _, m := range l.due {
		if due[m.ID] == l.listed[m.ID] {
			msgs = append(msgs, m)
		}
	}
	slices.SortFunc(msgs, func(a, b *Message) int { return cmp.Compare(a.Msg, b.Msg) })
	return msgs
}

// causes returns the errors that err joins.
func causes(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	return []error{err}
}

// dueAt adds a message to those to be deleted, if it was handled long enough ago.
func (l *look) dueAt(m *Message, handled time.Time) {
	if l.isDue(handled) {
		l.due = append(l.due, m)
	}
}

// isDue reports whether a message that was handled then is to be deleted.
func (l *look) isDue(handled time.Time) bool { return l.Delete && time.Since(handled) >= l.Age }

// forget removes the notes of messages that are not on the server any more. A server may
// list nothing at all because of a fault: then only the notes of messages that were about
// to be deleted are removed. While it lists messages without an identifier, those that are
// missing may be among them, and no note is removed.
func (l *look) forget(ctx context.Context) error {
	changes := map[string]Note{}
	if _, known := l.notes[mailboxKey]; !known {
		changes[mailboxKey] = l.mailbox()
	}
	if l.unnamed > 0 && len(l.notes) <= 2*len(l.present)+slack {
		return l.save(ctx, changes)
	}
	isEmpty := len(l.listed) == 0
	for key, note := range l.notes {
		if !l.present[key] && (!isEmpty || note.state == going || note.state == deleted) {
			changes[key] = Note{}
		}
	}
	return l.save(ctx, changes)
}
