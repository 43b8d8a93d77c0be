package imapwatch_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// A server that refuses to be asked for messages at all, for a moment, does not end Run: the
// messages come when it is asked again.
func TestEachMessageAllRefused(t *testing.T) {
	for _, at := range []string{"UID FETCH *RFC822.SIZE)", "UID FETCH 1:3 *BODY*"} {
		for _, reply := range []string{"NO [UNAVAILABLE] later", "NO [LIMIT] too often", "BAD User is authenticated but not connected."} {
			watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}}, func(f *fixture) {
				f.order(dialtest.Rule{At: at, Times: 2, Reply: reply})
				got, _ := f.readings()
				f.run(func() {
					time.Sleep(3 * f.renew())
				})
				if !slices.Equal(got(), []imap.UID{1, 2, 3}) || len(f.refused) > 1 || len(f.downs) > 0 {
					t.Errorf("%s, %s: got %v, refused %q, outages %v", at, reply, got(), f.refused, f.downs)
				}
			})
		}
	}
}

// An item of the program's that the server does not know ends Run, as does what the program
// itself returns.
func TestEachMessageOfUnknownItems(t *testing.T) {
	nothing := func(context.Context, *imapwatch.Message) error { return nil }
	refused := func(context.Context, *imapwatch.Message) error {
		return fmt.Errorf("mine: %w", &imap.Error{Type: imap.StatusResponseTypeNo, Text: "its own"})
	}
	for _, handle := range []imapwatch.Handler{
		imapwatch.EachMessage(&imapconn.FetchOptions{Raw: []string{"X-NONE"}}, nothing),
		imapwatch.EachMessage(nil, refused),
	} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
			f.Handle = handle
			if err := f.ends(); err == nil || len(f.refused) > 0 {
				t.Errorf("Run: %v, refused %q", err, f.refused)
			}
		})
	}
}

// A message of which the server leaves a part out, or refuses it, comes again.
func TestEachMessageInPart(t *testing.T) {
	large := "Subject: large\r\n\r\n" + strings.Repeat("text of a large message\r\n", 20_000)
	for _, reply := range []string{"OK fine", "NO [UNAVAILABLE] later"} {
		for _, at := range []string{"UID FETCH 2 *<65536.*", "UID FETCH 2 *<262144.*"} {
			watched(t, dialtest.Config{Mailbox: []string{letter(1), large, letter(3)}}, func(f *fixture) {
				f.order(dialtest.Rule{At: at, Times: 2, Reply: reply})
				f.Handle = imapwatch.EachMessage(nil, f.keep)
				f.run(func() {
					time.Sleep(time.Second)
					f.mu.Lock()
					n := len(f.has)
					f.mu.Unlock()
					if n != 2 {
						t.Errorf("%s, %s: %d messages at first", at, reply, n)
					}
					time.Sleep(3 * f.renew())
					f.complete()
				})
			})
		}
	}
}

// A message that is answered once without its content comes again. One whose content has
// come in part, and cannot be read behind that, does not: the next attempt would not be better.
func TestEachMessageShort(t *testing.T) {
	large := "Subject: large\r\n\r\n" + strings.Repeat("text of a large message\r\n", 20_000)
	for _, reply := range []string{"* 2 FETCH (UID 2 RFC822.SIZE 38 FLAGS ())", "* 2 FETCH (UID 2 RFC822.SIZE 38 BODY[]<0> NIL)"} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2)}}, func(f *fixture) {
			f.order(dialtest.Rule{At: "UID FETCH *BODY*", Times: 1, Reply: reply + "\nOK done"})
			f.Handle = imapwatch.EachMessage(nil, f.keep)
			f.run(func() {
				time.Sleep(3 * f.renew())
				f.complete()
			})
		})
	}
	watched(t, dialtest.Config{Mailbox: []string{letter(1), large}}, func(f *fixture) {
		asked := 0
		f.order(dialtest.Rule{At: "UID FETCH 2 *<65536.*", Reply: "* 2 FETCH (UID 2 RFC822.SIZE x BODY[]<65536> \"abc\")\nOK done", Do: func(string) { asked++ }})
		f.Handle = imapwatch.EachMessage(nil, f.keep)
		f.run(func() { time.Sleep(3 * time.Hour) })
		if asked != 1 {
			t.Errorf("a message that cannot be read was asked for %d times", asked)
		}
	})
}
