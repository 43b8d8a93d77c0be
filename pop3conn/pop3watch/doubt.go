package pop3watch

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// isInDoubt reports whether a message may be another than the one that has the note: a
// server may give the identifier of a message that is gone to another (RFC 1939 §7), which
// must not pass for the one that the program has, and must not be deleted. An identifier
// that is only the message's number says nothing.
func (l *look) isInDoubt(m *Message, note Note) bool {
	resized := note.sum != "" && note.size > 0 && m.Size > 0 && m.Size != note.size
	return note.state != handled || resized ||
		l.isDue(note.at) && m.ID == strconv.Itoa(m.Msg)
}

// ErrNotDeleted is the error of a message that the server lists again, after it has
// confirmed its deletion. It is deleted once more a day later, and not handed over again.
var ErrNotDeleted = errors.New("pop3watch: server has confirmed the deletion of the message, and lists it again")

// deleteAgain is how long the deletion of such a message is put off.
const deleteAgain = 24 * time.Hour

// compare reads a message that may be one that was handled. If it is another, it is
// handed over later.
func (l *look) compare(m *Message) error {
	if _, err := io.Copy(io.Discard, m); err != nil {
		return err
	}
	note, ok := l.takeNote(m)
	if !ok {
		m.compare = false
		l.others = append(l.others, m)
		l.result.New++
		l.result.add(m.Size)
		return nil
	}
	if note.state == deleted {
		l.refuse(m, ErrNotDeleted)
		note.at = time.Now().Add(deleteAgain - l.Age)
	}
	note = Note{at: note.at, sum: note.sum, size: max(m.Size, 0), cuts: l.notes[m.Key].cuts}
	l.found[m] = note
	l.had = append(l.had, m)
	l.dueAt(m, note.at)
	return nil
}

// takeNote takes the note of a message out of those that are no other's, if there is one:
// of several that share an identifier, those that are left may have other keys than before.
func (l *look) takeNote(m *Message) (Note, bool) {
	if l.doubts == nil {
		l.doubts = map[[2]string][]Note{}
		for key, note := range l.notes {
			if note.sum != "" && !l.trusted[key] {
				id, _, _ := strings.Cut(key, " ")
				l.doubts[[2]string{id, note.sum}] = append(l.doubts[[2]string{id, note.sum}], note)
			}
		}
	}
	at := [2]string{escape(m.ID), m.sum()}
	notes := l.doubts[at]
	if len(notes) == 0 {
		return Note{}, false
	}
	l.doubts[at] = notes[1:]
	return notes[0], true
}

// saveFound saves the notes of messages that were compared. If not all of them were, it
// leaves those that share an identifier.
func (l *look) saveFound(ctx context.Context, all bool) error {
	found := map[string]Note{}
	for m, note := range l.found {
		if all || l.listed[m.ID] == 1 {
			found[m.Key] = note
		}
	}
	return l.save(ctx, found)
}

// isConfused reports whether a session has ended because the server's replies were none,
// or to other commands.
func isConfused(err error) bool {
	ended, ok := err.(*dial.Error)
	return ok && ended.Phase == dial.PhaseSession && errors.As(err, new(*policy.Violation))
}

// distrust takes note that messages are in doubt behind a session that has ended in
// confusion, and returns the error of the session. If a reply was too many, each of them
// may have been taken for another, and one may have been longer than it seemed, as a
// server that does not double the dot at the beginning of a line lets it end there.
func (l *look) distrust(ctx context.Context, err error) error {
	if !isConfused(err) {
		return err
	}
	doubts := map[string]Note{}
	for _, m := range l.had {
		note := l.notes[m.Key]
		switch {
		case note.state == going: // it is in doubt already
			continue
		case note.sum != "":
			note.state = doubtful
		case note.state != unread:
			note = Note{at: time.Now(), state: unread, cuts: note.cuts}
		}
		doubts[m.Key] = note.cutOff()
	}
	return wire.Join(err, l.save(ctx, doubts))
}
