package imapwatch_test

import (
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// A server may list an extension and not understand it, as a proxy does that lists what
// other servers behind it have. It is watched as one without.
func TestListedAndNotUnderstood(t *testing.T) {
	for _, at := range []string{"SELECT *CONDSTORE*", "STATUS *HIGHESTMODSEQ*", "UID SEARCH *RETURN*", "UID FETCH *CHANGEDSINCE*"} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
			archive := f.create("Archive")
			f.Mailboxes = []string{"INBOX", "Archive"}
			f.order(dialtest.Rule{At: at, Reply: "BAD what"})
			f.run(func() {
				time.Sleep(time.Second)
				f.want("new 1")
				f.srv.Deliver(letter(2))
				archive.Deliver(letter(3))
				time.Sleep(6 * time.Minute)
				f.complete()
				time.Sleep(2 * time.Hour)
			})
			if len(f.downs)+len(f.refused) > 0 {
				t.Errorf("%s: outages %v, refused %q", at, f.downs, f.refused)
			}
		})
	}
}

// A command that the server does not understand for a reason of its own is no reason to do
// without an extension elsewhere.
func TestOneMailboxNotUnderstood(t *testing.T) {
	for _, at := range []string{"SELECT Odd", "STATUS Odd"} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
			archive := f.create("Archive")
			f.create("Odd")
			archive.Deliver(letter(2))
			f.Mailboxes = []string{"INBOX", "Archive", "Odd"}
			f.order(dialtest.Rule{At: at, Reply: "BAD no such name"})
			f.run(func() {
				time.Sleep(time.Second)
				f.want("Archive new 1", "new 1")
				archive.SetFlags(1, `\Seen`)
				time.Sleep(6 * time.Minute)
				f.want("Archive changed 1")
			})
		})
	}
}
