package imapwatch_test

import (
	"context"
	"slices"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// A message that the server counts and does not list is not gone, and is not told again as
// new when it is listed. What is gone is told while others are not listed.
func TestListShort(t *testing.T) {
	for _, without := range [][]string{nil, plain} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3), letter(4)}, Without: without}, func(f *fixture) {
			f.Handle = f.noted
			once := func(want ...string) {
				t.Helper()
				if err := imapwatch.Once(context.Background(), f.Config); err != nil {
					t.Error(err)
				}
				if len(without) > 0 && len(want) == 0 { // flags may have changed
					want = []string{"changed 1,3:4"}
				}
				f.want(want...)
			}
			once("new 1:4")
			f.srv.Expunge(2)
			f.order(dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "* SEARCH 3\nOK x"}, dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "OK nothing"})
			once(map[bool]string{true: "changed 1,3:4 vanished 2", false: "vanished 2"}[len(without) > 0])
			once()
			once()
		})
	}
}

// An EXPUNGE that comes while the server is asked for what it has not listed takes away no
// other message.
func TestExpungeInListShort(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3), letter(4)}}, func(f *fixture) {
		f.run(func() { f.want("new 1:4") })
		f.order(
			dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "* SEARCH 1 4\nOK x"},
			dialtest.Rule{At: "UID FETCH 2:3", Times: 1, Do: func(string) { f.srv.Expunge(3) }})
		f.run(func() {
			f.want("vanished 3")
			f.complete()
		})
	})
}

// What is not listed is asked for by commands that a server takes, and as many as there may be.
func TestListShortLarge(t *testing.T) {
	many := slices.Repeat([]string{"\r\nx\r\n"}, 6000)
	watched(t, dialtest.Config{Mailbox: many}, func(f *fixture) {
		f.Handle = f.noted
		for uid := uint32(2); uid < 6000; uid += 2 { // a gap behind each
			f.srv.Expunge(uid)
		}
		f.run(func() {})
		f.changes = nil
		longest := 0
		f.order(
			dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "* SEARCH 1\nOK x"},
			dialtest.Rule{At: "UID FETCH", Do: func(command string) { longest = max(longest, len(command)) }})
		f.run(func() { f.want() })
		if longest == 0 || longest > 8100 {
			t.Errorf("the longest command has %d bytes", longest)
		}
	})
}

// A message that is not listed, and that the server refuses to be asked for, is not gone, and
// the mailbox is not refused.
func TestListShortRefused(t *testing.T) {
	for _, reply := range []string{"BAD what", "NO some of the messages are gone"} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}}, func(f *fixture) {
			f.run(func() { f.want("new 1:3") })
			f.order(
				dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "* SEARCH 1\nOK x"},
				dialtest.Rule{At: "UID FETCH", Reply: reply})
			f.run(func() { f.want() })
			if f.commands("UID FETCH") < 2 || len(f.refused)+len(f.downs) > 0 {
				t.Errorf("%s: refused %q, outages %v", reply, f.refused, f.downs)
			}
		})
	}
}
