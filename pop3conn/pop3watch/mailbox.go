package pop3watch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial/auth"
)

// mailboxKey is the key of the note that tells whose mailbox the others are of. No
// message has it: behind a "%" there are two digits in theirs.
const mailboxKey = "%mailbox"

// mailbox returns the note that tells whose mailbox is watched.
func (c Config) mailbox() Note {
	user := ""
	if c.Options != nil {
		switch a := c.Options.Auth.(type) {
		case auth.Password:
			user = a.User
		case auth.Token:
			user = a.User
		}
	}
	sum := sha256.Sum256([]byte(strings.ToLower(c.Endpoint.Host) + "\x00" + user))
	return Note{at: time.Now(), sum: hex.EncodeToString(sum[:sumSize])}
}

// adopt makes notes that were made of another mailbox, of another user or at another
// server, notes of this one. What has the same identifier here is another message, unless
// its content is the same: so each note with a sum is in doubt, and those without go.
func (l *look) adopt(ctx context.Context) error {
	now := l.mailbox()
	before, known := l.notes[mailboxKey]
	if !known || before.sum == now.sum {
		return nil
	}
	changes := map[string]Note{}
	for key, note := range l.notes {
		switch {
		case note.sum == "":
			changes[key] = Note{}
		case note.state == handled:
			note.state = doubtful
			changes[key] = note
		}
	}
	changes[mailboxKey] = now
	return l.save(ctx, changes)
}
