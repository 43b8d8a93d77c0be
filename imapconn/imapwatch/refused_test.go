package imapwatch_test

import (
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// A server that refuses what every server can do is in a state that ends with the session:
// that is an outage, and no end of Run.
func TestNothingWorks(t *testing.T) {
	for name, test := range map[string]struct {
		rule    dialtest.Rule
		outages int
	}{
		"NOOP is not understood": {dialtest.Rule{At: "NOOP", Times: 1, Reply: "BAD User is authenticated but not connected."}, 1},
		"NOOP is refused":        {dialtest.Rule{At: "NOOP", Times: 1, Reply: "NO [UNAVAILABLE] later"}, 1},
		"IDLE ends refused":      {dialtest.Rule{At: "IDLE", Times: 1, Reply: "+ idling\nNO [UNAVAILABLE] later"}, 0},
		"IDLE ends in BAD":       {dialtest.Rule{At: "IDLE", Times: 1, Reply: "+ idling\nBAD [CLIENTBUG] too long"}, 0},
	} {
		for _, without := range [][]string{nil, {"IDLE"}} {
			watched(t, dialtest.Config{Mailbox: []string{letter(1)}, Without: without}, func(f *fixture) {
				f.order(test.rule)
				f.run(func() {
					time.Sleep(time.Hour)
					f.want("new 1")
					f.srv.Deliver(letter(2))
					time.Sleep(f.renew() + time.Minute)
					f.want("new 2")
				})
				if len(f.downs) != test.outages || len(f.refused) > 0 {
					t.Errorf("%s: outages %v, refused %q", name, f.downs, f.refused)
				}
			})
		}
	}
}

// The same of a connection on which nothing at all works: the next one does.
func TestNoMailboxWorks(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		f.create("Archive").Deliver(letter(2))
		f.Mailboxes = []string{"INBOX", "Archive"}
		choose := func(m dialtest.Moment) dialtest.Rule {
			if m.Conn > 0 {
				return dialtest.Rule{}
			}
			return dialtest.Rule{Reply: "BAD User is authenticated but not connected."}
		}
		for _, at := range []string{"SELECT", "STATUS", "NOOP"} {
			f.order(dialtest.Rule{At: at, Choose: choose})
		}
		f.run(func() {
			time.Sleep(time.Hour)
			f.complete()
		})
		if len(f.downs) != 1 || len(f.refused) != 2 {
			t.Errorf("outages %v, refused %q", f.downs, f.refused)
		}
	})
}
