package imapwatch_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// plain is a server without extensions that say more than a mailbox has to.
var plain = []string{"CONDSTORE", "QRESYNC", "ESEARCH"}

// Whatever a server says or does not say of what comes, the next look finds it.
func TestLiars(t *testing.T) {
	for name, test := range map[string]struct {
		rule dialtest.Rule
		told []string // of the messages 1 to 3 at first, and when a look was due
	}{
		"UIDNEXT too low":      {dialtest.Rule{At: "SELECT", Times: 1, Reply: "* 3 EXISTS\n* OK [UIDVALIDITY %d] x\n* OK [UIDNEXT 1] x\nOK x"}, nil},
		"no UIDNEXT":           {dialtest.Rule{At: "SELECT", Times: 1, Reply: "* 3 EXISTS\n* OK [UIDVALIDITY %d] x\nOK x"}, nil},
		"no EXISTS":            {dialtest.Rule{At: "SELECT", Times: 1, Reply: "* OK [UIDVALIDITY %d] x\nOK x"}, nil},
		"UIDs that come late":  {dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "* SEARCH 1 3\nOK x"}, []string{"new 1,3", "new 2"}},
		"a message too many":   {dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "* SEARCH 1 2 3 9\nOK x"}, []string{"new 1:3,9", "vanished 9"}},
		"UIDs in no order":     {dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "* SEARCH 3 1 2 2\nOK x"}, []string{"new 1:3"}},
		"SEARCH in two pieces": {dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "* SEARCH 1 2\n* SEARCH 3\nOK x"}, []string{"new 1:3"}},
		"EXISTS goes down":     {dialtest.Rule{At: "idling", Times: 1, Reply: "* 1 EXISTS"}, []string{"new 1:3"}},
		"EXPUNGE of none":      {dialtest.Rule{At: "idling", Times: 1, Reply: "* 9 EXPUNGE"}, []string{"new 1:3"}},
		"EXISTS without FETCH": {dialtest.Rule{At: "idling", Times: 1, Reply: "* 7 EXISTS\n* 3 EXISTS"}, []string{"new 1:3"}},
	} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}, Without: plain}, func(f *fixture) {
			if strings.HasPrefix(test.rule.At, "SELECT") { // that SELECT is not carried out
				f.order(dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "* SEARCH 1 2 3\nOK x"})
				test.rule.Reply = fmt.Sprintf(test.rule.Reply, f.srv.Store().Inbox().State().UIDValidity)
				test.told = []string{"new 1:3", "changed 1:3"} // in the second session of the mailbox
				f.Handle = f.noted
			}
			f.order(test.rule)
			f.run(func() {
				time.Sleep(time.Second)
				if len(test.told) > 0 {
					f.want(test.told[:1]...)
				}
				time.Sleep(2 * time.Hour)
				f.want(test.told[min(1, len(test.told)):]...)
			})
			if t.Failed() {
				t.Log(name)
			}
		})
	}
}

// A server that counts a message and does not list it among those that have come is asked
// for all at once, and not at the next look.
func TestCountedNotListed(t *testing.T) {
	for _, without := range [][]string{nil, plain} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1)}, Without: without}, func(f *fixture) {
			f.run(func() {
				time.Sleep(time.Second)
				f.want("new 1")
				f.order(dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "OK x"})
				f.srv.Deliver(letter(2))
				time.Sleep(time.Second)
				f.want("new 2")
			})
		})
	}
}

// A server that counts fewer messages without an EXPUNGE is asked which are gone.
func TestFewerWithoutExpunge(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}, Without: plain}, func(f *fixture) {
		f.run(func() {
			time.Sleep(time.Second)
			f.want("new 1:3")
			f.order(dialtest.Rule{At: "idling", Times: 1, Reply: "* 2 EXISTS"}, dialtest.Rule{At: "UID SEARCH", Reply: "* SEARCH 1 3\nOK x"})
			time.Sleep(10 * time.Minute)
			f.want("vanished 2")
		})
	})
}

// An EXPUNGE that comes while the server is asked for UIDs is about a message of before: it
// is asked again.
func TestExpungeInSearch(t *testing.T) {
	for _, without := range [][]string{nil, plain} {
		watched(t, dialtest.Config{Without: without}, func(f *fixture) {
			var n atomic.Int64
			deliver := func() { f.srv.Deliver(letter(int(n.Add(1)))) }
			for range 10 {
				deliver()
			}
			f.order(dialtest.Rule{At: "UID SEARCH", Do: func(string) {
				if texts := f.srv.Mailbox(); len(texts) > 3 {
					f.srv.Expunge(f.srv.Store().Inbox().UIDs()[1])
					deliver()
					f.srv.Expunge(f.srv.Store().Inbox().UIDs()[0])
				}
			}})
			f.run(func() {
				time.Sleep(time.Minute)
				f.complete()
				for range 20 {
					deliver()
				}
				time.Sleep(time.Minute)
				f.complete()
			})
		})
	}
}

// A message that the server lists and expunges in one breath is none.
func TestExpungeBehindList(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}, Without: plain}, func(f *fixture) {
		f.order(dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "* SEARCH 1 2 3\n* 2 EXPUNGE\nOK x", Do: func(string) { f.srv.Expunge(2) }})
		f.run(func() { f.want("new 1,3") })
		f.complete()
	})
}

// The same of a message that the program has, when the mailbox is looked at as a whole.
func TestExpungeBehindRecheck(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}, Without: plain}, func(f *fixture) {
		f.order(
			dialtest.Rule{At: "UID SEARCH", After: 1, Times: 1, Reply: "* SEARCH 1 2 3\n* 2 EXPUNGE\nOK x"},
			dialtest.Rule{At: "UID SEARCH", After: 1, Times: 1, Reply: "* SEARCH 1 3\nOK x"})
		f.run(func() {
			f.want("new 1:3")
			time.Sleep(time.Hour + time.Second)
			f.want("vanished 2")
		})
	})
}

// While the server counts more messages than it lists, a sequence number does not say which
// message it is.
func TestExpungeUnknown(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}, Without: plain}, func(f *fixture) {
		f.order(dialtest.Rule{At: "UID SEARCH", Times: 1, Reply: "* SEARCH 1 3\nOK x"})
		f.run(func() {
			f.want("new 1,3")
			f.srv.Expunge(2)
			f.want()
			f.srv.Expunge(3)
			f.want("vanished 3")
		})
	})
}

// A server that tells of flags at every command does not keep the watch busy.
func TestRestless(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		n := 0
		f.order(dialtest.Rule{At: "UID *", Do: func(string) {
			n++
			f.srv.Store().Inbox().SetFlags(1, fmt.Sprint("flag", n))
		}})
		f.run(func() { time.Sleep(time.Minute) })
		if n := len(f.srv.Commands()); n > 2000 {
			t.Errorf("%d commands in a minute", n)
		}
	})
}

// A server that lists CONDSTORE and refuses CHANGEDSINCE is one without.
func TestChangedSinceRefused(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2)}}, func(f *fixture) {
		f.order(dialtest.Rule{At: "UID FETCH *CHANGEDSINCE*", Reply: "BAD what"})
		f.run(func() {
			time.Sleep(time.Second)
			f.want("new 1:2")
			f.srv.Store().Inbox().SetFlags(2, `\Seen`)
			time.Sleep(time.Second)
			f.want("changed 1:2")
			f.srv.Store().Inbox().SetFlags(1, `\Seen`)
			f.want("changed 1")
		})
		if len(f.downs)+len(f.refused) > 0 {
			t.Error(f.downs, f.refused)
		}
	})
}

// A mailbox that cannot be searched is refused, and tried again.
func TestSearchRefused(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		f.order(dialtest.Rule{At: "UID SEARCH", Times: 3, Reply: "NO [SERVERBUG] index"})
		f.run(func() {
			time.Sleep(time.Hour)
			f.want("new 1")
		})
		if len(f.refused) != 1 || len(f.downs) > 0 {
			t.Errorf("refused %q, outages %v", f.refused, f.downs)
		}
	})
}
