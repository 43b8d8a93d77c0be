package imapwatch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// A mailbox that was made anew is a Reset: then all of it is new. Without a Reset Run
// ends, until there is one.
func TestReset(t *testing.T) {
	for _, skip := range []bool{false, true} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1), letter(2)}}, func(f *fixture) {
			f.run(func() { f.want("new 1:2") })
			f.srv.Expunge(1)
			f.srv.Store().Inbox().Renumber()
			f.SkipExisting = skip
			var reset *imapwatch.ResetError
			for range 2 {
				if err := f.ends(); !errors.As(err, &reset) || reset.Mailbox != "INBOX" {
					t.Errorf("Run: %v", err)
				}
			}
			f.Reset = func(_ context.Context, mailbox string) error {
				clear(f.has)
				clear(f.told)
				return nil
			}
			f.run(func() {
				f.want("new 1")
				f.srv.Store().Inbox().Renumber() // during the session
				f.srv.Deliver(letter(9))
				time.Sleep(time.Minute)
				f.want("new 1:2")
				f.complete()
			})
			f.Reset = func(context.Context, string) error { return errDisk }
			f.srv.Store().Inbox().Renumber()
			if err := f.ends(); !errors.Is(err, errDisk) {
				t.Errorf("Run: %v", err)
			}
		})
	}
}

// What the program has done is noted also if ctx ends meanwhile.
func TestResetCancelled(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		f.run(func() { f.want("new 1") })
		f.srv.Store().Inbox().Renumber()
		before := f.saved.saves
		ctx, cancel := context.WithCancel(context.Background())
		f.Reset = func(context.Context, string) error {
			cancel()
			return nil
		}
		if err := imapwatch.Run(ctx, f.Config); err != nil || f.saved.saves != before+1 {
			t.Errorf("%v, %d saves", err, f.saved.saves-before)
		}
	})
}

// A mailbox of which the program has nothing has nothing to be reset.
func TestResetEmpty(t *testing.T) {
	watched(t, dialtest.Config{}, func(f *fixture) {
		f.run(func() { f.want() })
		f.srv.Store().Inbox().Renumber()
		f.srv.Deliver(letter(1))
		f.run(func() { f.want("new 1") })
	})
}

// A SELECT that does not tell UIDVALIDITY is no reset, and no beginning: the mailbox is looked
// at when the next one does.
func TestNoValidity(t *testing.T) {
	for _, begun := range []bool{false, true} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
			if begun {
				f.run(func() { f.want("new 1") })
				f.srv.Deliver(letter(2))
			}
			f.order(dialtest.Rule{At: "SELECT", Times: 1, Obey: true, Reply: "* 1 EXISTS\nOK [READ-WRITE] done"})
			f.run(func() {
				f.want()
				time.Sleep(f.renew() + time.Minute)
				f.complete()
			})
			if len(f.refused) != 1 || !strings.Contains(f.refused[0], "UIDVALIDITY") || len(f.downs) > 0 {
				t.Errorf("begun %v: refused %q, outages %v", begun, f.refused, f.downs)
			}
		})
	}
}
