package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

const suffix = ".imapsave"

// identity stands for a mailbox of a server and a user, in the names of its messages' files.
// INBOX is the one name whose case means nothing (RFC 9051 §5.1).
func identity(server, user, mailbox string) string {
	if strings.EqualFold(mailbox, "INBOX") {
		mailbox = "INBOX"
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", server, user, mailbox))
	return hex.EncodeToString(sum[:8])
}

// fileName is the name of a message's file: the same in every run, and another for each
// message of each mailbox. A mailbox that was made anew has other messages.
func (b *box) fileName(uid imap.UID) string {
	return fmt.Sprintf("%s.%d.%d%s", b.id, b.made, uid, suffix)
}

// write writes a message, and returns its length. It is in the Maildir when write returns,
// whole and on the disk.
func (b *box) write(m *imapconn.Message) (int64, error) {
	name := b.fileName(m.UID)
	return b.Write(name, m, func(tmp string) error {
		if err := os.Chtimes(tmp, m.InternalDate, m.InternalDate); err != nil {
			return err
		}
		return b.Publish(tmp, name, info(m.Flags))
	})
}

// info is what a Maildir keeps of a message's flags. Windows has no names with a colon.
func info(flags []imap.Flag) string {
	var letters []string
	for letter, flag := range map[string]imap.Flag{"D": imap.FlagDraft, "F": imap.FlagFlagged, "R": imap.FlagAnswered, "S": imap.FlagSeen, "T": imap.FlagDeleted} {
		if slices.Contains(flags, flag) && runtime.GOOS != "windows" {
			letters = append(letters, letter)
		}
	}
	slices.Sort(letters)
	return strings.Join(letters, "")
}
