package interop

import (
	"fmt"
	"io"
	"testing"

	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// TestPOP3 fetches what was put into a mailbox by IMAP, byte by byte the same,
// and deletes every other message.
func TestPOP3(t *testing.T) {
	atMailboxes(t, func(t *testing.T, c client) {
		texts := fill(t, c, 20)
		remaining := takeHalf(t, c, texts)

		again := must(c.pop3(policy.ImplicitTLS))(t)
		defer again.Close()
		if count, _, err := again.Stat(t.Context()); err != nil || count != len(remaining) {
			t.Errorf("%d messages are left, not %d: %v", count, len(remaining), err)
		}
		for i, want := range remaining {
			r := must(again.Retr(t.Context(), i+1))(t)
			if got := string(must(io.ReadAll(r))(t)); got != want {
				t.Errorf("message %d: %q\nwant %q", i+1, got, want)
			}
		}
		if err := again.Quit(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// fill puts so many messages into the inbox.
func fill(t *testing.T, c client, n int) (texts []string) {
	t.Helper()
	s := must(c.imap(policy.ImplicitTLS, imapconn.Options{}))(t)
	for i := range n {
		text := letter(fmt.Sprint("number ", i))
		appendTo(t, s, "INBOX", text)
		texts = append(texts, text)
	}
	logout(t, s)
	return texts
}

// takeHalf fetches all, deletes every other message, and returns the rest.
func takeHalf(t *testing.T, c client, texts []string) (remaining []string) {
	t.Helper()
	s := must(c.pop3(policy.RequiredSTARTTLS))(t)
	defer s.Close()
	index := must(s.Index(t.Context()))(t)
	if len(index) != len(texts) {
		t.Fatalf("%d messages, not %d", len(index), len(texts))
	}
	var odd []pop3conn.Listing
	for i, e := range index {
		if i%2 == 0 {
			odd = append(odd, e)
		} else {
			remaining = append(remaining, texts[i])
		}
	}
	for m, err := range s.RetrEach(t.Context(), index) {
		if err != nil {
			t.Fatal(err)
		}
		if got := string(must(io.ReadAll(m))(t)); got != texts[m.Msg-1] {
			t.Errorf("message %d: %q\nwant %q", m.Msg, got, texts[m.Msg-1])
		}
	}
	if marked, err := s.DeleEach(t.Context(), odd); err != nil || len(marked) != len(odd) {
		t.Fatalf("%v marked: %v", marked, err)
	}
	if err := s.Quit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return remaining
}
