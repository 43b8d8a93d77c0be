package mailstore_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
)

func Example() {
	store := mailstore.New()
	inbox := store.Inbox()
	uids := inbox.Deliver("Subject: one\n\nfirst\n", "Subject: two\n\nsecond\n")
	inbox.SetFlags(uids[0], `\Seen`)
	inbox.Expunge(uids[1])
	for _, m := range inbox.Messages() {
		fmt.Printf("%d %v %q\n", m.UID, m.Flags, m.Text)
	}
	// Output: 1 [\Seen] "Subject: one\r\n\r\nfirst\r\n"
}

func TestNames(t *testing.T) {
	s := mailstore.New()
	for _, name := range []string{"a", "a/b", "ab", "Sent"} {
		if _, err := s.Create(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Create("inbox"); !errors.Is(err, mailstore.ErrMailbox) {
		t.Errorf("INBOX made twice: %v", err)
	}
	s.Mailbox("a/b").Deliver("x\n")
	s.Inbox().Deliver("y\n")
	for _, err := range []error{s.Rename("a", "c"), s.Rename("Inbox", "old"), s.Delete("ab")} {
		if err != nil {
			t.Error(err)
		}
	}
	if err := s.Delete("INBOX"); !errors.Is(err, mailstore.ErrMailbox) {
		t.Errorf("INBOX deleted: %v", err)
	}
	if got := s.Names(); !slices.Equal(got, []string{"INBOX", "Sent", "c", "c/b", "old"}) {
		t.Errorf("%q", got)
	}
	if len(s.Mailbox("c/b").Texts()) != 1 || len(s.Mailbox("old").Texts()) != 1 || len(s.Mailbox("inbox").Texts()) != 0 {
		t.Error("messages are not where they should be")
	}
}

func TestSince(t *testing.T) {
	m := mailstore.New().Inbox()
	called := 0
	stop := m.Watch(func() { called++ })
	m.Add(mailstore.Message{Text: "a", ID: "same"}, mailstore.Message{Text: "b", ID: "same"}, mailstore.Message{Text: "c", Date: time.Unix(1, 0)})
	before := m.State()
	m.SetFlags(2, "work", `\Seen`, "WORK")
	m.Expunge(3, 4)
	m.Update(1, func(mailstore.Message) []string { return nil })
	stop()
	m.Deliver("d\n")
	changed, expunged, now := m.Since(before.ModSeq)
	if len(changed) != 2 || changed[0].UID != 2 || fmt.Sprint(changed[0].Flags) != `[\Seen work]` || changed[1].UID != 4 || !slices.Equal(expunged, []uint32{3}) {
		t.Errorf("%+v, %v", changed, expunged)
	}
	if now != m.State().ModSeq || called < 3 {
		t.Errorf("%d, %+v, %d calls", now, m.State(), called)
	}
	if m.SetFlags(3) {
		t.Error("flags of a message that is gone")
	}
	if !m.SetFlags(2) {
		t.Error("no message 2")
	}
	if msg, _ := m.Message(2); len(msg.Flags) != 0 {
		t.Errorf("flags that were taken away: %v", msg.Flags)
	}
	if msg, ok := m.Message(1); !ok || msg.ID != "same" || msg.Date.IsZero() {
		t.Errorf("%+v", msg)
	}
}

func TestRenumber(t *testing.T) {
	s := mailstore.New()
	m := s.Inbox()
	m.Deliver("a\n", "b\n")
	m.Expunge(1)
	before := m.State()
	m.Renumber()
	if after := m.State(); after.UIDValidity == before.UIDValidity || after.UIDNext != 2 || after.Messages != 1 {
		t.Errorf("%+v, then %+v", before, after)
	}
	if other, _ := s.Create("x"); other.State().UIDValidity == m.State().UIDValidity {
		t.Error("two mailboxes with one UIDVALIDITY")
	}
}
