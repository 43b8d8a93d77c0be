package pop3watch

import (
	"context"
	"crypto/sha256"
	"io"
	"strings"
)

// verify reads messages that were about to be deleted when a session or a process ended.
// A server may give the identifier of a deleted message to another (RFC 1939 §7), which
// must not be taken for the one that the program has.
func (l *look) verify(ctx context.Context) error {
	doubts, found, next := l.doubts(), map[string]Note{}, 0
	for got, err := range l.client.RetrEach(ctx, listings(l.doubtful)) {
		m := l.doubtful[next]
		next++
		m.Message, m.digest = got, sha256.New()
		if err == nil {
			_, err = io.Copy(io.Discard, m)
		}
		switch {
		case l.client.Err() != nil:
			return l.outage(err)
		case err != nil:
			l.refuse(m, err)
			continue
		}
		note, ok := doubts.take(m)
		if !ok {
			l.fresh = append(l.fresh, m)
			continue
		}
		found[m.Key] = note
		l.dueAt(m, note.at)
	}
	return l.save(ctx, found)
}

// doubts are the notes of messages that were about to be deleted, by identifier and sum,
// and not by key: of several that share an identifier, those that are left may have
// other keys than before.
type doubts map[[2]string][]Note

func (l *look) doubts() doubts {
	d := doubts{}
	for key, note := range l.notes {
		if note.going {
			id, _, _ := strings.Cut(key, " ")
			d[[2]string{id, note.sum}] = append(d[[2]string{id, note.sum}], note)
		}
	}
	return d
}

// take takes out the note of a message, if there is one.
func (d doubts) take(m *Message) (Note, bool) {
	at := [2]string{escape(m.ID), m.sum()}
	notes := d[at]
	if len(notes) == 0 {
		return Note{}, false
	}
	d[at] = notes[1:]
	return notes[0], true
}
