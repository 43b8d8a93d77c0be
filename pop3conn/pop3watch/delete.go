package pop3watch

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/mailconn/mailconn/pop3conn"
)

// delete deletes what is due. Before that its notes say so: if the end of the session,
// or of the process, leaves it open whether a message is gone, the next look tells it
// from another that was given its identifier.
func (l *look) delete(ctx context.Context) error {
	msgs := l.certain()
	if len(msgs) == 0 {
		return nil
	}
	going, before := map[string]Note{}, map[string]Note{}
	for _, m := range msgs {
		note := l.notes[m.Key]
		note.going = false
		before[m.Key] = note
		note.going = true
		going[m.Key] = note
	}
	if err := l.save(ctx, going); err != nil {
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

// after returns the notes of messages when those that are marked are gone, from the notes
// before, and tells of those that are refused. They stay, with the keys that they will be
// listed with.
func (l *look) after(msgs []*Message, marked []pop3conn.Listing, refused []error, before map[string]Note) map[string]Note {
	gone := map[int]bool{}
	for _, listing := range marked {
		gone[listing.Msg] = true
	}
	after, stay := map[string]Note{}, []*Message{}
	for _, m := range msgs {
		after[m.Key] = Note{}
		if !gone[m.Msg] {
			stay = append(stay, m)
			l.refuse(m, refused[0])
			refused = refused[min(1, len(refused)-1):]
		}
	}
	for i, m := range keyed(listings(stay)) {
		after[m.Key] = before[stay[i].Key]
	}
	return after
}

// certain returns the messages to be deleted, in the mailbox's order. Of several that share
// an identifier none goes before all are due: those that stay would take the keys of those
// that go.
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

// dueAt takes note of a message to be deleted, if its time has come.
func (l *look) dueAt(m *Message, handled time.Time) {
	if l.Delete && time.Since(handled) >= l.Age {
		l.due = append(l.due, m)
	}
}
