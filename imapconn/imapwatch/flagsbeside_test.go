package imapwatch_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// Flags that change while the program fetches messages are told, also if the number of the
// message is the UID of one that is fetched.
func TestFlagsBesideALoop(t *testing.T) {
	for name, test := range map[string]struct{ at, items string }{
		"sizes":    {"UID FETCH *(UID RFC822.SIZE)", "RFC822.SIZE 5"},
		"contents": {"UID FETCH *BODY*", `RFC822.SIZE 5 FLAGS () BODY[]<0> "hello"`},
	} {
		t.Run(name, func(t *testing.T) {
			watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}, Without: plain}, func(f *fixture) {
				f.run(func() {
					f.want("new 1:3")
					said := "* 5 FETCH (FLAGS (\\Flagged))\n* 4 FETCH (UID 4 FLAGS (\\Seen))\n"
					for n := 4; n <= 6; n++ {
						said += fmt.Sprintf("* %d FETCH (UID %d %s)\n", n, n, test.items)
					}
					f.order(dialtest.Rule{At: test.at, Times: 1, Reply: said + "OK done"})
					f.srv.Deliver(letter(4), letter(5), letter(6))
					time.Sleep(time.Second)
					f.want("new 4:6", "changed 4:5")
				})
			})
		})
	}
}
