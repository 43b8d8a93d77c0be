package imapwatch_test

import (
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// notified watches INBOX and two others of a server that lists NOTIFY, and answers it by rules.
func notified(t *testing.T, rules []dialtest.Rule, test func(f *fixture)) {
	watched(t, dialtest.Config{}, func(f *fixture) {
		f.order(dialtest.Rule{At: "greeting", Reply: "* PREAUTH [CAPABILITY IMAP4rev1 IDLE NOTIFY ESEARCH CONDSTORE] x"})
		f.order(rules...)
		f.Mailboxes = []string{"INBOX", "Größe & more", "Sent"}
		f.Poll, f.Options.Auth = time.Hour, nil
		for _, name := range f.Mailboxes[1:] {
			f.create(name)
		}
		test(f)
	})
}

// taken has NOTIFY accepted.
var taken = []dialtest.Rule{{At: "NOTIFY", Reply: "OK x"}}

// Where the server has NOTIFY, what comes into the mailboxes behind the first is told at once,
// and by one connection.
func TestNotify(t *testing.T) {
	notified(t, taken, func(f *fixture) {
		n := 0
		f.order(dialtest.Rule{At: "idling", Times: 2, Reply: "* STATUS \"Gr&APYA3w-e &- more\" (MESSAGES 1 UIDNEXT 2)", Do: func(string) {
			if n++; n == 1 {
				time.Sleep(10 * time.Second)
			}
			f.srv.Store().Mailbox("Größe & more").Deliver(letter(n))
		}})
		f.run(func() {
			time.Sleep(13 * time.Second)
			f.want("Größe & more new 1", "Größe & more new 2")
			f.complete()
			time.Sleep(time.Minute)
			if asked := f.commands("STATUS"); asked > 4 {
				t.Errorf("asked %d times", asked)
			}
		})
		if asked := f.commands("NOTIFY SET (selected-delayed (MessageNew MessageExpunge FlagChange)) (mailboxes (\"INBOX\" \"Gr&APYA3w-e &- more\" \"Sent\") (MessageNew MessageExpunge FlagChange))"); asked != 1 || len(f.dials) != 1 {
			t.Errorf("%d connections, commands %q", len(f.dials), f.srv.Commands())
		}
	})
}

// A change that is told while the server is asked for the mailbox is not missed.
func TestNotifyInStatus(t *testing.T) {
	notified(t, taken, func(f *fixture) {
		f.run(func() {
			f.want()
			f.order(
				dialtest.Rule{At: "idling", Times: 1, Reply: "* STATUS Sent (MESSAGES 0 UIDNEXT 1)"},
				dialtest.Rule{At: "STATUS \"Sent\"", Times: 1, Do: func(string) { f.srv.Store().Mailbox("Sent").Deliver(letter(1)) },
					Reply: "* STATUS Sent (MESSAGES 0 UIDNEXT 1)\n* STATUS Sent (MESSAGES 1 UIDNEXT 2)\nOK x"})
			f.srv.Deliver(letter(2))
			time.Sleep(10 * time.Second)
			f.want("new 1", "Sent new 1")
		})
	})
}

// A server that tells of a mailbox all the time, or of none that is watched, does not keep
// the watch busy.
func TestNotifyRestless(t *testing.T) {
	for name, most := range map[string]int{"Sent": 70, "Junk": 0} {
		notified(t, taken, func(f *fixture) {
			f.order(dialtest.Rule{At: "idling", Reply: "* STATUS " + name + " (MESSAGES 0 UIDNEXT 1)"})
			f.run(func() { time.Sleep(time.Minute) })
			if asked := f.commands("STATUS"); asked > most {
				t.Errorf("%s: asked %d times in a minute", name, asked)
			}
		})
	}
}

// A server that refuses NOTIFY is one without: the others are asked for now and then.
func TestNotifyRefused(t *testing.T) {
	for _, answer := range []string{"NO not now", "BAD what"} {
		notified(t, []dialtest.Rule{{At: "NOTIFY", Reply: answer}}, func(f *fixture) {
			f.run(func() {
				f.srv.Store().Mailbox("Sent").Deliver(letter(1))
				time.Sleep(f.Poll + time.Minute)
				f.want("Sent new 1")
			})
			if len(f.downs) > 0 || f.commands("NOTIFY") != 1 {
				t.Errorf("outages %v, commands %q", f.downs, f.srv.Commands())
			}
		})
	}
}

// A server that does not answer NOTIFY, or hangs up, is an outage that is told in time.
func TestNotifyStalls(t *testing.T) {
	for _, end := range []dialtest.End{dialtest.EndStall, dialtest.EndClose, dialtest.EndReset} {
		notified(t, append([]dialtest.Rule{{At: "NOTIFY", Times: 1, Skip: true, End: end}}, taken...), func(f *fixture) {
			f.run(func() {
				f.srv.Deliver(letter(1))
				time.Sleep(time.Minute)
				f.want("new 1")
			})
			if len(f.downs) != 1 || len(f.dials) != 2 {
				t.Errorf("outages %v", f.downs)
			}
		})
	}
}

// When a server tells nothing any more, Run looks again, and goes on without NOTIFY.
func TestNotifyOverflow(t *testing.T) {
	notified(t, taken, func(f *fixture) {
		f.run(func() {
			f.want()
			f.srv.Store().Mailbox("Sent").Deliver(letter(1))
			f.order(dialtest.Rule{At: "idling", Times: 1, Reply: "* OK [NOTIFICATIONOVERFLOW] too many"})
			f.srv.Deliver(letter(2))
			time.Sleep(10 * time.Second)
			f.want("new 1", "Sent new 1")
			time.Sleep(2 * f.Poll)
			f.srv.Deliver(letter(3))
			f.want("new 2")
		})
		if len(f.downs) != 1 || f.commands("NOTIFY") != 1 {
			t.Errorf("outages %v, commands %q", f.downs, f.srv.Commands())
		}
	})
}

// One mailbox alone needs no NOTIFY.
func TestNotifyAlone(t *testing.T) {
	notified(t, taken, func(f *fixture) {
		f.Mailboxes = nil
		f.run(func() { time.Sleep(time.Minute) })
		if f.commands("NOTIFY") > 0 {
			t.Errorf("commands %q", f.srv.Commands())
		}
	})
}
