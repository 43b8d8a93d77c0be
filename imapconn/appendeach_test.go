package imapconn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// appends returns messages with texts as their contents.
func appends(texts []string) iter.Seq[imapconn.Append] {
	return func(yield func(imapconn.Append) bool) {
		for _, text := range texts {
			if !yield(imapconn.Append{Content: strings.NewReader(text), Flags: []imap.Flag{imap.FlagSeen}, Time: time.Date(2026, 7, 1, 2, 3, 4, 0, time.UTC)}) {
				return
			}
		}
	}
}

func TestAppendEach(t *testing.T) {
	texts := append(testMessages(700, 900), testMessages(2, 3<<20)...)
	texts = append(texts, testMessages(5, 200)...)
	s, c := mailbox(t, "first")
	n := 0
	for a, err := range c.AppendEach(t.Context(), "INBOX", appends(texts)) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; int(a.UID) != n+1 || a.UIDValidity == 0 {
			t.Errorf("message %d: %+v", n, a)
		}
	}
	all := s.Store().Inbox().Messages()
	if n != len(texts) || len(all) != len(texts)+1 {
		t.Fatalf("%d told, %d there", n, len(all))
	}
	for i, m := range all[1:] {
		if m.Text != texts[i] || len(m.Flags) != 1 || !m.Date.Equal(time.Date(2026, 7, 1, 2, 3, 4, 0, time.UTC)) {
			t.Errorf("message %d: %d bytes, %v, %v", i, len(m.Text), m.Flags, m.Date)
		}
	}
}

// What the server takes, and what it says, in a line each.
func appended(ctx context.Context, c *imapconn.Client, mailbox string, messages iter.Seq[imapconn.Append]) string {
	var out []string
	for a, err := range c.AppendEach(ctx, mailbox, messages) {
		var failed *imapconn.AppendError
		switch {
		case errors.As(err, &failed):
			out = append(out, fmt.Sprintf("%d!%t %v", failed.Index, failed.InDoubt, failed.Err))
		case err != nil:
			out = append(out, err.Error())
		default:
			out = append(out, fmt.Sprint(a.UID))
		}
	}
	return strings.Join(out, "; ")
}

func TestAppendEachSaysNothing(t *testing.T) {
	_, c := mailbox(t)
	for _, test := range []struct {
		mailbox string
		m       imapconn.Append
		want    string
	}{
		{"", imapconn.Append{}, "config: imapconn: the name of a mailbox"},
		{"a\r\nb", imapconn.Append{}, "config: imapconn: the name of a mailbox"},
		{"\xff", imapconn.Append{}, "config: imapconn: the name of a mailbox"},
		{"INBOX", imapconn.Append{}, "0!false imapconn: no content"},
		{"INBOX", imapconn.Append{Content: strings.NewReader("x"), Flags: []imap.Flag{"a b"}}, "0!false imapconn: a flag"},
		{"INBOX", imapconn.Append{Content: strings.NewReader("")}, "0!false imapconn: no content"},
		{"INBOX", imapconn.Append{Content: strings.NewReader("x"), Time: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)}, "0!false imapconn: a date"},
		{"INBOX", imapconn.Append{Content: io.LimitReader(zeros{}, 2<<20)}, "0!false imapconn: a content of more than"},
		{"INBOX", imapconn.Append{Content: iotest.ErrReader(errors.New("no disk"))}, "0!false no disk"},
	} {
		got := appended(t.Context(), c, test.mailbox, func(yield func(imapconn.Append) bool) { yield(test.m) })
		if !strings.Contains(got, test.want) {
			t.Errorf("%q: %s, want %s", test.mailbox, got, test.want)
		}
	}
	if err := c.Noop().Wait(); err != nil {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A large content that breaks, or ends, when its length was announced ends the session, and
// says of each message what is known.
func TestAppendEachBreaks(t *testing.T) {
	testBreaks(t, errors.New("broken disk"), "shorter than was announced: broken disk")
	testBreaks(t, io.EOF, "shorter than was announced")
}

func testBreaks(t *testing.T, err error, want string) {
	t.Helper()
	s, c := mailbox(t)
	text := strings.Repeat("x", 2<<20)
	messages := func(yield func(imapconn.Append) bool) {
		_ = yield(imapconn.Append{Content: strings.NewReader("one")}) &&
			yield(imapconn.Append{Content: &breaking{ReadSeeker: strings.NewReader(text), left: 1 << 20, err: err}}) &&
			yield(imapconn.Append{Content: strings.NewReader("three")})
	}
	got := appended(t.Context(), c, "INBOX", messages)
	if !strings.Contains(got, "1!false") || !strings.Contains(got, want) || c.Err() == nil {
		t.Error(got)
	}
	for _, m := range s.Store().Inbox().Messages() {
		if m.Text != "one" {
			t.Errorf("%.20q was appended", m.Text)
		}
	}
}

// So does one that panics, and the panic is the program's.
func TestAppendEachPanics(t *testing.T) {
	_, c := mailbox(t)
	func() {
		defer func() {
			if r := recover(); r != "broken program" {
				t.Error(r)
			}
		}()
		appended(t.Context(), c, "INBOX", func(yield func(imapconn.Append) bool) {
			yield(imapconn.Append{Content: panicking{strings.NewReader(strings.Repeat("x", 2<<20))}})
		})
	}()
	if c.Noop().Wait() == nil || c.Err() == nil {
		t.Error("the session stands in the middle of a literal")
	}
}

type panicking struct{ io.ReadSeeker }

func (panicking) Read([]byte) (int, error) { panic("broken program") }

// breaking fails after a number of bytes.
type breaking struct {
	io.ReadSeeker
	left int
	err  error
}

func (b *breaking) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, b.err
	}
	n, err := b.ReadSeeker.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func TestAppendEachIsCancelled(t *testing.T) {
	_, c := mailbox(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := appended(ctx, c, "INBOX", appends(testMessages(3, 200))); !strings.Contains(got, "canceled") || strings.Contains(got, "!true") {
		t.Error(got)
	}
	if err := c.Noop().Wait(); err != nil {
		t.Error(err)
	}
}

func TestMailboxNames(t *testing.T) {
	_, c := mailbox(t)
	for _, name := range []string{"Entwürfe", "a&b", `q"u\o`, "日本語/台北", "🙂", "&", "tab-"} {
		if err := c.Create(name, nil).Wait(); err != nil {
			t.Fatal(name, err)
		}
		if got := appended(t.Context(), c, name, appends(testMessages(2, 200))); got != "1; 2" {
			t.Errorf("%s: %s", name, got)
		}
	}
}
