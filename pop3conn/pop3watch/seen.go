package pop3watch

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/outage"
)

// Seen keeps note of the messages that a program has of one mailbox. [File] returns one
// in a file; a program with a database can implement its own. It is used by one
// goroutine at a time.
type Seen interface {
	// Load waits until no other process uses the notes of the mailbox, and returns
	// them by the keys of the messages. The map is the caller's.
	Load(ctx context.Context) (map[string]Note, error)

	// Save changes the notes of the given keys. The zero Note removes the note of a key.
	// When Save returns nil, the new notes must survive a crash; a note that was removed
	// may come back. So that Save is not interrupted, ctx does not end with that of Run,
	// but after 30 seconds.
	Save(ctx context.Context, notes map[string]Note) error

	// Release lets other processes use the notes.
	Release() error
}

// Note is what is kept of a message. The zero Note stands for none. The text of a Note is
// printable ASCII without tabs and shorter than 80 characters; that of the zero Note is
// empty.
type Note struct {
	at    time.Time // when Handle returned
	sum   string    // of the message; empty if it is not known
	going bool      // it is about to be deleted, or was
}

// going is the word in the text of a Note for a message that is about to be deleted.
const going = "going"

// MarshalText returns the text of the note.
func (n Note) MarshalText() ([]byte, error) {
	if n == (Note{}) {
		return nil, nil
	}
	words := []string{n.at.UTC().Format(time.RFC3339)}
	if n.sum != "" {
		words = append(words, n.sum)
	}
	if n.going {
		words = append(words, going)
	}
	return []byte(strings.Join(words, " ")), nil
}

// UnmarshalText reads the text of a note.
func (n *Note) UnmarshalText(text []byte) error {
	words := strings.Fields(string(text))
	*n = Note{}
	if len(words) == 0 {
		return nil
	}
	var err error
	if n.at, err = time.Parse(time.RFC3339, words[0]); err != nil || n.at.IsZero() {
		return errors.New("pop3watch: a note does not begin with a time")
	}
	if words = words[1:]; len(words) > 0 && words[len(words)-1] == going {
		n.going, words = true, words[:len(words)-1]
	}
	switch len(words) {
	case 0:
	case 1:
		n.sum = words[0]
	default:
		return errors.New("pop3watch: a note has too many words")
	}
	return nil
}

// save changes notes, also after ctx has ended, since what was handled must be noted.
func (l *look) save(ctx context.Context, changes map[string]Note) error {
	if len(changes) == 0 {
		return nil
	}
	ctx, cancel := outage.SaveContext(ctx)
	defer cancel()
	if err := l.Seen.Save(ctx, changes); err != nil {
		return err
	}
	apply(l.notes, changes)
	return nil
}

// apply changes notes as Save says.
func apply(notes, changes map[string]Note) {
	for key, n := range changes {
		if n == (Note{}) {
			delete(notes, key)
		} else {
			notes[key] = n
		}
	}
}
