package imapwatch_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

// create makes a mailbox on the server.
func (f *fixture) create(name string) *mailstore.Mailbox {
	f.Helper()
	box, err := f.srv.Store().Create(name)
	if err != nil {
		f.Fatal(err)
	}
	return box
}

// One connection serves several mailboxes: the first at once, the others every Poll, and
// a mailbox in which nothing happens is not selected again before Recheck.
func TestSeveral(t *testing.T) {
	for _, without := range [][]string{nil, {"CONDSTORE", "QRESYNC"}, {"IDLE"}} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1)}, Without: without}, func(f *fixture) {
			archive, lists := f.create("Archive"), f.create("Lists & more/Größe")
			archive.Deliver(letter(2))
			f.Mailboxes = []string{"INBOX", "Archive", "Lists & more/Größe"}
			nudge := make(chan struct{})
			f.Nudge = nudge
			f.run(func() {
				f.want("Archive new 1", "new 1")
				lists.Deliver(letter(9))
				nudge <- struct{}{}
				synctest.Wait()
				f.complete()
				f.srv.Deliver(letter(3))
				lists.Deliver(letter(4))
				archive.Expunge(1)
				time.Sleep(f.renew() + time.Minute)
				f.complete()
				time.Sleep(time.Minute)
				before := f.commands("SELECT")
				time.Sleep(30 * time.Minute)
				if n := f.commands("SELECT"); n != before {
					t.Errorf("%d SELECTs while nothing happened", n-before)
				}
				time.Sleep(30 * time.Minute)
				if n := f.commands("SELECT"); n == before {
					t.Error("nothing was looked at as a whole")
				}
			})
			if len(f.dials) != 1 {
				t.Errorf("%d connections, outages %v", len(f.dials), f.downs)
			}
		})
	}
}

// Without IDLE the server is asked for all of them, as what it says of one it need not say when
// it is asked for another.
func TestSeveralPolled(t *testing.T) {
	watched(t, dialtest.Config{Without: []string{"IDLE"}}, func(f *fixture) {
		f.create("Archive")
		f.Mailboxes = []string{"INBOX", "Archive"}
		f.order(dialtest.Rule{At: "STATUS", Do: func(string) { time.Sleep(time.Second) }, Obey: true})
		f.run(func() {
			time.Sleep(time.Hour + time.Minute)
			if noops, rounds := f.commands("NOOP"), f.commands("STATUS"); noops < 11 || noops > 13 || rounds < 11 {
				t.Errorf("%d NOOPs for the first, %d rounds for the other", noops, rounds)
			}
		})
	})
}

// A mailbox that does not exist, or is deleted, ends nothing: it is told once, and found
// when it is there again.
func TestMissing(t *testing.T) {
	for _, names := range [][]string{{"A", "INBOX"}, {"INBOX", "A"}, {"A"}} {
		watched(t, dialtest.Config{}, func(f *fixture) {
			f.Mailboxes = names
			f.Reset = func(_ context.Context, mailbox string) error {
				f.changes = append(f.changes, "reset "+mailbox)
				return nil
			}
			others := slices.Contains(names, "INBOX")
			f.run(func() {
				time.Sleep(time.Hour)
				synctest.Wait()
				if len(f.refused) != 1 || !strings.HasPrefix(f.refused[0], "A: ") {
					t.Errorf("refused: %q", f.refused)
				}
				if f.srv.Deliver(letter(1)); others {
					f.want("new 1")
				}
				f.create("A").Deliver(letter(2))
				time.Sleep(f.renew() + time.Minute)
				f.want("A new 1")
				if err := f.srv.Store().Delete("A"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour + f.renew() + time.Minute)
				synctest.Wait()
				if len(f.refused) != 2 {
					t.Errorf("refused: %q", f.refused)
				}
				if f.srv.Deliver(letter(3)); others {
					f.want("new 2")
				}
				f.create("A").Deliver(letter(4))
				time.Sleep(f.renew() + time.Minute)
				f.want("reset A", "A new 1")
			})
			if len(f.dials) != 1 {
				t.Errorf("%d connections, outages %v", len(f.dials), f.downs)
			}
		})
	}
}

// With MaxConns each mailbox may have a connection of its own, and all are told at once.
// Nudges reach them all, functions are called one at a time, and one error ends all.
func TestMaxConns(t *testing.T) {
	watched(t, dialtest.Config{}, func(f *fixture) {
		a, b := f.create("A"), f.create("B")
		nudge := make(chan struct{})
		f.Mailboxes, f.MaxConns, f.Nudge = []string{"INBOX", "A", "B"}, 7, nudge
		inside, fail := 0, false
		f.Handle = func(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
			if inside++; inside > 1 {
				t.Error("two calls at once")
			}
			time.Sleep(time.Second)
			inside--
			if fail {
				return errDisk
			}
			return f.copy(ctx, client, c)
		}
		f.run(func() {
			f.srv.Deliver(letter(1))
			a.Deliver(letter(2))
			b.Deliver(letter(3))
			time.Sleep(5 * time.Second)
			f.complete()
			if synctest.Wait(); f.open != 3 {
				t.Errorf("%d connections", f.open)
			}
			nudge <- struct{}{}
			synctest.Wait()
			if n := f.commands("NOOP"); n != 3 {
				t.Errorf("%d were nudged", n)
			}
		})
		fail = true
		b.Deliver(letter(4))
		if err := f.ends(); err == nil || !strings.Contains(err.Error(), `"B": disk full`) {
			t.Error(err)
		}
		fail, f.MaxConns = false, 2
		if err := imapwatch.Once(context.Background(), f.Config); err != nil {
			t.Error(err)
		}
		f.complete()
	})
}

// A hundred mailboxes are watched over one connection.
func TestManyMailboxes(t *testing.T) {
	watched(t, dialtest.Config{}, func(f *fixture) {
		f.Mailboxes = nil
		for i := range 100 {
			name := fmt.Sprint("box", i)
			f.create(name).Deliver(letter(i))
			f.Mailboxes = append(f.Mailboxes, name)
		}
		f.run(func() {
			f.complete()
			for i, name := range f.Mailboxes {
				f.srv.Store().Mailbox(name).Deliver(letter(1000 + i))
			}
			time.Sleep(6 * time.Minute)
			f.complete()
		})
		if len(f.dials) != 1 {
			t.Errorf("%d connections, outages %v", len(f.dials), f.downs)
		}
	})
}
