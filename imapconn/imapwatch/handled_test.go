package imapwatch_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// What the program has said that it has is not told again, also if the session ends before
// Handle returns.
func TestHandled(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		f.Handle = func(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
			f.noted(ctx, client, c)
			if err := c.Handled(c.After); err != nil {
				return err
			}
			client.Abort()
			return nil
		}
		f.run(func() {
			time.Sleep(time.Minute)
			f.want("new 1")
			f.srv.Deliver(letter(2), letter(3))
			time.Sleep(time.Minute)
			f.want("new 2:3")
		})
		if len(f.downs) != 2 {
			t.Errorf("outages: %v", f.downs)
		}
	})
}

// Messages that the program could not have come again, and no others do.
func TestHandledWithout(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2), letter(3)}}, func(f *fixture) {
		f.Handle = func(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
			f.noted(ctx, client, c)
			if c.New.Contains(1) {
				return c.Handled(c.After.Without(imap.UIDSetNum(2)))
			}
			return nil
		}
		f.run(func() {
			f.want("new 1:3")
			time.Sleep(f.renew() + time.Minute)
			f.want("new 2")
			time.Sleep(f.renew() + time.Minute)
			f.want()
		})
	})
}

// Handled takes only positions of the mailbox, and only while Handle runs. An error of the
// program's store is its error.
func TestHandledErrors(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		var last imapwatch.Change
		f.Handle = func(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
			for _, p := range []imapwatch.Position{{}, imapwatch.At(c.UIDValidity+1, 0, nil)} {
				if err := c.Handled(p); err == nil {
					t.Errorf("%v is a position of the mailbox", p)
				}
			}
			f.saved.fail = errDisk
			if err := c.Handled(c.After); err == nil {
				t.Error("Handled, but not saved")
			}
			f.saved.fail = nil
			last = c
			return nil
		}
		f.run(func() {})
		if err := last.Handled(last.After); err == nil {
			t.Error("Handled after Handle")
		}
		if err := (imapwatch.Change{}).Handled(imapwatch.Position{}); err != nil {
			t.Errorf("a Change of a program's test: %v", err)
		}
	})
}

// A Handler that selects another mailbox, and says that it could not have a message, is told
// of that message again every Poll, and with the next change, but not at once.
func TestHandledWithoutSelects(t *testing.T) {
	for _, without := range [][]string{nil, plain, {"IDLE"}} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2)}, Without: without}, func(f *fixture) {
			f.create("Archive")
			calls := 0
			f.Handle = func(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
				f.noted(ctx, client, c)
				if calls++; calls > 10 {
					return errDisk
				}
				if _, err := client.Select("Archive", nil).Wait(); err != nil {
					return err
				}
				return c.Handled(c.After.Without(imap.UIDSetNum(2)))
			}
			f.run(func() {
				time.Sleep(4 * time.Minute)
				f.want("new 1:2")
				time.Sleep(2 * time.Minute)
				f.want("new 2")
				f.srv.Deliver(letter(3))
				time.Sleep(6 * time.Minute)
				if synctest.Wait(); !slices.Contains(f.changes, "new 2:3") || calls > 4 {
					t.Errorf("%d calls, told %q", calls, f.changes)
				}
			})
		})
	}
}
