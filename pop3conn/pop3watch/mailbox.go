package pop3watch

import (
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

// isOther reports whether the notes were made of another mailbox: of another user, or
// at another server. What has the same identifier there is another message, unless its
// content is the same.
func (w *watch) isOther() bool {
	note, known := w.notes[mailboxKey]
	return known && note.sum != w.mailbox().sum
}
