package pop3watch

import (
	"context"

	"github.com/mailconn/mailconn/internal/outage"
)

// Seen keeps note of the messages that a program has of one mailbox. [File] returns one
// in a file; a program with a database can implement its own. It is used by one
// goroutine at a time.
type Seen interface {
	// Load waits until no other process uses the notes of the mailbox, and returns
	// them by the keys of the messages. The map is the caller's. One more note, by a key
	// that begins with "%" and is no message's, tells whose mailbox it is.
	Load(ctx context.Context) (map[string]Note, error)

	// Save changes the notes of the given keys. The zero Note removes the note of a key.
	// When Save returns nil, the new notes must survive a crash; a note that was removed
	// may come back. So that Save is not interrupted, ctx does not end with that of Run,
	// but after 30 seconds.
	Save(ctx context.Context, notes map[string]Note) error

	// Release lets other processes use the notes.
	Release() error
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
