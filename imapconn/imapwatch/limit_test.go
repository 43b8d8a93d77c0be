package imapwatch_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// limited gives the server a limit of so many messages a command (RFC 9738): of more it
// carries SEARCH and FETCH out for the last ones only, or not at all. fetching is called
// ahead of each FETCH of what has changed.
func (f *fixture) limited(limit int, refuse bool, fetching func(command string)) {
	f.Helper()
	box := f.srv.Store().Inbox()
	f.order(dialtest.Rule{At: "AUTHENTICATE PLAIN", Obey: true,
		Reply: fmt.Sprintf("OK [CAPABILITY IMAP4rev1 IDLE ENABLE CONDSTORE MESSAGELIMIT=%d] welcome", limit)})
	answer := func(chosen []mailstore.Message, line func(mailstore.Message) string) dialtest.Rule {
		rest := max(0, len(chosen)-limit)
		if rest > 0 && refuse {
			return dialtest.Rule{Reply: fmt.Sprintf("NO [MESSAGELIMIT %d] too many", limit)}
		}
		var reply strings.Builder
		fmt.Fprintf(&reply, "* %d EXISTS\n", len(box.UIDs())) // as the reply is said in place of all that the server has to say
		for _, m := range chosen[rest:] {
			reply.WriteString(line(m))
		}
		if rest > 0 {
			return dialtest.Rule{Obey: true, Reply: reply.String() + fmt.Sprintf("OK [MESSAGELIMIT %d %d] in part", limit, chosen[rest].UID)}
		}
		return dialtest.Rule{Obey: true, Reply: reply.String() + "OK done"}
	}
	f.order(dialtest.Rule{At: "UID SEARCH", Choose: func(m dialtest.Moment) dialtest.Rule {
		return answer(chosen(box, m.Command), func(m mailstore.Message) string { return fmt.Sprintf("* SEARCH %d\n", m.UID) })
	}}, dialtest.Rule{At: "UID FETCH *CHANGEDSINCE*", Choose: func(m dialtest.Moment) dialtest.Rule {
		fetching(m.Command)
		_, since, _ := strings.Cut(m.Command, "CHANGEDSINCE ")
		n, _ := strconv.ParseUint(strings.TrimRight(since, ")"), 10, 64)
		return answer(chosen(box, m.Command), func(m mailstore.Message) string {
			if m.ModSeq <= n {
				return ""
			}
			return fmt.Sprintf("* %d FETCH (UID %d MODSEQ (%d))\n", slices.Index(box.UIDs(), m.UID)+1, m.UID, m.ModSeq)
		})
	}})
}

// chosen returns the messages that a command is about.
func chosen(box *mailstore.Mailbox, command string) (chosen []mailstore.Message) {
	words := strings.Fields(command)
	set, uids := words[len(words)-1], false
	if words[1] == "FETCH" {
		set, uids = words[2], true
	}
	if words[len(words)-2] == "UID" {
		uids = true
	}
	low, high, _ := strings.Cut(set, ":")
	from, _ := strconv.Atoi(low)
	to, err := strconv.Atoi(high)
	if err != nil {
		to = 1 << 30
	}
	for i, m := range box.Messages() {
		n := i + 1
		if uids {
			n = int(m.UID)
		}
		if from <= n && n <= to {
			chosen = append(chosen, m)
		}
	}
	return chosen
}

// A server that carries commands out for so many messages only hides none: all are told,
// those that come and those whose flags change as well.
func TestMessageLimit(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		watched(t, dialtest.Config{}, func(f *fixture) {
			for n := range 35 {
				f.srv.Deliver(letter(n))
			}
			f.srv.Expunge(3)
			f.srv.Expunge(20)
			var changed imap.UIDSet
			f.Handle = func(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
				changed.AddSet(c.Changed)
				return f.copy(ctx, client, c)
			}
			box := f.srv.Store().Inbox()
			flag := func(uids ...uint32) {
				for _, uid := range uids {
					box.SetFlags(uid, `\Seen`)
				}
			}
			meanwhile := []uint32{2, 34} // in the first window and in the last
			f.limited(10, refuse, func(command string) {
				if strings.HasPrefix(command, "UID FETCH 12:") {
					flag(meanwhile...)
					meanwhile = nil
				}
			})
			f.run(func() {
				time.Sleep(time.Second)
				f.complete()
				flag(1, 35, 18)
				time.Sleep(time.Minute)
				for n := range 15 {
					f.srv.Deliver(letter(50 + n))
				}
				time.Sleep(2 * time.Hour)
				f.srv.Expunge(7)
				f.complete()
			})
			flag(5, 44)
			f.run(func() { time.Sleep(time.Second) })
			if changed.String() != "1:2,5,18,34:35,44" || len(f.downs)+len(f.refused) > 0 {
				t.Errorf("refuse %v: changed %v, outages %v, refused %q", refuse, &changed, f.downs, f.refused)
			}
		})
	}
}

// A server with such a limit that does not tell the sequence of a mailbox is watched as one
// without CONDSTORE.
func TestMessageLimitWithoutSequence(t *testing.T) {
	for _, reply := range []string{"BAD what", "NO not now"} {
		watched(t, dialtest.Config{}, func(f *fixture) {
			for n := range 35 {
				f.srv.Deliver(letter(n))
			}
			f.limited(10, false, func(string) {})
			f.order(dialtest.Rule{At: "STATUS *HIGHESTMODSEQ*", Reply: reply})
			f.run(func() {
				time.Sleep(time.Second)
				f.srv.Store().Inbox().SetFlags(3, `\Seen`)
				time.Sleep(time.Minute)
				f.srv.Deliver(letter(50))
				time.Sleep(time.Minute)
				f.complete()
			})
			if len(f.downs)+len(f.refused) > 0 {
				t.Errorf("outages %v, refused %q", f.downs, f.refused)
			}
		})
	}
}
