package imapconn_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// mailbox starts a server with messages, and returns it and a session that has selected
// them.
func mailbox(t testing.TB, texts ...string) (*dialtest.Server, *imapconn.Client) {
	t.Helper()
	store := mailstore.New()
	for _, text := range texts {
		store.Inbox().Add(mailstore.Message{Text: text})
	}
	s, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, Store: store, User: "joe", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c, err := imapconn.Dial(t.Context(), s.Endpoint(policy.RequiredSTARTTLS), &imapconn.Options{
		Dialer: &dial.Dialer{TLSConfig: s.ClientConfig()},
		Auth:   auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return s, c
}

// testMessages returns n messages of so many bytes each, and no two the same.
func testMessages(n, size int) (texts []string) {
	for i := range n {
		head := fmt.Sprintf("From: a@example.org\r\nSubject: message %d\r\n\r\n", i+1)
		text := bytes.Repeat([]byte("0123456789abcde\n"), (size-len(head))/16+1)
		texts = append(texts, head+string(text[:max(0, size-len(head))]))
	}
	return texts
}

// all is the whole mailbox.
func all() imap.UIDSet { return imap.UIDSet{{Start: 1, Stop: 0}} }

func TestFetchEach(t *testing.T) {
	texts := append(testMessages(700, 300), testMessages(3, 200<<10)...)
	texts = append(texts, "", testMessages(1, 64<<10)[0], testMessages(1, 1<<20)[0])
	_, c := mailbox(t, texts...)
	var got []string
	for m, err := range c.FetchEach(t.Context(), all(), &imapconn.FetchOptions{Envelope: true, BodyStructure: true, InternalDate: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if int(m.UID) != len(got)+1 || m.Envelope == nil || m.BodyStructure == nil || m.InternalDate.IsZero() || m.Size != int64(len(texts[len(got)])) {
			t.Errorf("%+v", m)
		}
		b, err := io.ReadAll(m)
		if err != nil {
			t.Fatal(err)
		}
		if len(got)%100 == 0 {
			if err := c.Noop().Wait(); err != nil {
				t.Fatal(err)
			}
		}
		got = append(got, string(b))
	}
	if len(got) != len(texts) {
		t.Fatalf("%d messages, want %d", len(got), len(texts))
	}
	for i := range got {
		if sha256.Sum256([]byte(got[i])) != sha256.Sum256([]byte(texts[i])) {
			t.Errorf("message %d: %d bytes, want %d", i+1, len(got[i]), len(texts[i]))
		}
	}
}

func TestFetchEachIsLeft(t *testing.T) {
	_, c := mailbox(t, testMessages(2000, 1000)...)
	for range 5 {
		n := rand.IntN(1500)
		var last *imapconn.Message
		for m, err := range c.FetchEach(t.Context(), all(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			if last = m; int(m.UID) > n {
				break
			}
		}
		if _, err := last.Read(make([]byte, 1)); err == nil {
			t.Error("a message can be read behind its loop")
		}
		if err := c.Noop().Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFetchEachIsCancelled(t *testing.T) {
	_, c := mailbox(t, testMessages(2000, 1000)...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for m, err := range c.FetchEach(ctx, all(), nil) {
		if last = err; err == nil {
			n++
		}
		if m.UID == 10 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || n > 1500 {
		t.Errorf("%v after %d", last, n)
	}
	if err := c.Noop().Wait(); err != nil {
		t.Error(err)
	}
}

func TestFetchEachAndSelect(t *testing.T) {
	_, c := mailbox(t, testMessages(2000, 1000)...)
	var last error
	for m, err := range c.FetchEach(t.Context(), all(), nil) {
		last = err
		if m.UID == 10 {
			if _, err := c.Select("INBOX", nil).Wait(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !errors.Is(last, imapconn.ErrMailboxChanged) {
		t.Error(last)
	}
}

func TestFetchEachSections(t *testing.T) {
	_, c := mailbox(t, testMessages(3, 100<<10)...)
	o := &imapconn.FetchOptions{Sections: []*imap.FetchItemBodySection{
		{Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Subject"}},
		{Specifier: imap.PartSpecifierText},
	}}
	n := 0
	for m, err := range c.FetchEach(t.Context(), imap.UIDSetNum(1, 3, 9), o) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		head, err := io.ReadAll(m.Section(0))
		text, err2 := io.ReadAll(m.Section(1))
		if err != nil || err2 != nil || !bytes.Contains(head, []byte("Subject: message")) || bytes.Contains(head, []byte("From")) || len(text) != 100<<10-len("From: a@example.org\r\nSubject: message 1\r\n\r\n") {
			t.Errorf("%q, %d bytes, %v %v", head, len(text), err, err2)
		}
	}
	if n != 2 {
		t.Errorf("%d messages", n)
	}
}
