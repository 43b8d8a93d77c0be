package pop3watch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// many returns n messages.
func many(n int) (msgs []mailstore.Message) {
	for i := range n {
		msgs = append(msgs, mailstore.Message{ID: fmt.Sprint("m", i), Text: fmt.Sprintf("text %d\r\n", i)})
	}
	return msgs
}

// TestConfusedEachTime: a server that breaks a rule in each session does not have the
// mailbox read again and again.
func TestConfusedEachTime(t *testing.T) {
	const n = 40
	for command, reply := range map[string]string{"QUIT": "OK bye", fmt.Sprint("RETR ", n): "ERR cannot"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(many(n)...)
			f.Every = time.Hour
			f.Refused = func(pop3conn.Listing, error) {}
			retr := 0
			f.Hook = func(c string) dialtest.Rule {
				if strings.HasPrefix(c, "RETR ") {
					retr++
				}
				if c == command {
					return dialtest.Rule{Reply: reply}
				}
				return dialtest.Rule{}
			}
			runFor(t, f, 10*24*time.Hour)
			if retr > 12*n {
				t.Errorf("%s: %d messages were read in ten days", command, retr)
			}
		})
	}
}

// TestPoisonLasts: a message that ends each session is tried more and more seldom for as
// long as it does, also if it was handled long ago, so that others are handled and deleted.
func TestPoisonLasts(t *testing.T) {
	for _, age := range []time.Duration{0, 10 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(many(2)...)
			f.Delete, f.Age, f.Every = true, age, 5*time.Minute
			f.Refused = func(pop3conn.Listing, error) {}
			if age > 0 { // whether the messages are deleted is in doubt
				f.Hook = answers(map[string]dialtest.Rule{"QUIT": hangUp})
				runFor(t, f, age+6*time.Minute)
			}
			tries := 0
			f.Hook = func(c string) dialtest.Rule {
				if c == "RETR 1" {
					tries++
					return dialtest.Rule{Reply: "+OK\nhalf", End: dialtest.EndClose}
				}
				return dialtest.Rule{}
			}
			runFor(t, f, 6*24*time.Hour)
			f.Add(mailstore.Message{ID: "late", Text: "late\r\n"})
			runFor(t, f, age+3*24*time.Hour)
			if tries > 20 || f.left() != "[m0]" {
				t.Errorf("Age %v: %d tries, left %s", age, tries, f.left())
			}
		})
	}
}

// TestMarked: a message is known again when the server has noted in its header that it was
// read.
func TestMarked(t *testing.T) {
	f := newFixture(mailstore.Message{ID: "u1", Text: "Subject: x\r\n\r\nbody\r\n"})
	f.once()
	marked := newFixture(mailstore.Message{ID: "u1", Text: "Subject: x\r\nStatus: RO\r\n\r\nbody\r\n"})
	marked.Seen, marked.seen = f.Seen, f.seen
	for range 2 {
		if got, err := marked.once(); err != nil || marked.told != 0 {
			t.Errorf("%+v, %v: %d handled", got, err, marked.told)
		}
	}
}

// TestOtherMailboxInParts: messages that Handle does not read to their ends are handed over
// once more when the mailbox is another, and not again when that takes two looks.
func TestOtherMailboxInParts(t *testing.T) {
	f := newFixture(many(3)...)
	told := 0
	f.Handle = func(context.Context, *pop3watch.Message) error { told++; return nil }
	f.once()
	f.Options.Auth = auth.Password{User: "ann", Secret: auth.NewSecret("secret"), InsecureCleartext: true}
	f.Hook = answers(map[string]dialtest.Rule{"RETR 3": hangUp})
	f.once() // is cut off
	f.Hook = nil
	if f.once(); told != 6 {
		t.Errorf("%d handled", told)
	}
}
