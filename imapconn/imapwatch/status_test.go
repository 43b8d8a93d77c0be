package imapwatch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// Courier's SELECT does not tell UIDNEXT, and its STATUS does. Other servers tell less by
// STATUS. A mailbox in which nothing happens is not selected again for that.
func TestSelectTellsLess(t *testing.T) {
	const selected = "* FLAGS (\\Seen)\n* 1 EXISTS\n* 0 RECENT\n* OK [UIDVALIDITY] Ok\nOK [READ-WRITE] Ok"
	const status = "* STATUS Archive (MESSAGES 1)\nOK done"
	for at, test := range map[string]struct {
		reply string
		told  []string // at the first Poll, which tells what was not known before
	}{`SELECT "Archive"`: {selected, []string{"Archive changed 1"}}, `STATUS "Archive"`: {status, nil}} {
		watched(t, dialtest.Config{Without: plain}, func(f *fixture) {
			archive := f.create("Archive")
			archive.Deliver(letter(1))
			f.Mailboxes = []string{"INBOX", "Archive"}
			f.order(dialtest.Rule{At: at, Obey: true, Reply: strings.ReplaceAll(test.reply, "VALIDITY", fmt.Sprint("VALIDITY ", archive.State().UIDValidity))})
			f.run(func() {
				f.want("Archive new 1")
				time.Sleep(55 * time.Minute)
				f.want(test.told...)
				if n := f.commands("SELECT"); n > 4 {
					t.Errorf("%s: %d SELECTs", at, n)
				}
				archive.Deliver(letter(2))
				archive.Expunge(1)
				time.Sleep(6 * time.Minute)
				if at[:6] == "SELECT" {
					f.want("Archive new 2 vanished 1")
				}
			})
		})
	}
}
