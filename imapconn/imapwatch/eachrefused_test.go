package imapwatch_test

import (
	"context"
	"fmt"
	"slices"
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
					if !slices.Equal(got(), []imap.UID{1, 2, 3}) || len(f.refused) > 1 || len(f.downs) > 0 {
						t.Errorf("%s, %s: got %v, refused %q, outages %v", at, reply, got(), f.refused, f.downs)
					}
				})
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
