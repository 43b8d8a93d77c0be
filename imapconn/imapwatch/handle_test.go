package imapwatch_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
)

var errDisk = errors.New("disk full")

// An error of Handle ends Run, and the change comes again with the next.
func TestHandleError(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		f.Handle = func(context.Context, *imapconn.Client, imapwatch.Change) error {
			return &dial.Error{Phase: dial.PhaseConnect, Err: errDisk} // of another connection
		}
		if err := f.ends(); !errors.Is(err, errDisk) || len(f.downs) > 0 {
			t.Errorf("%v, outages %v", err, f.downs)
		}
		f.Handle = f.copy
		f.run(func() { f.want("new 1") })
	})
}

// An error of Handle that the end of the session has caused does not end Run: the change
// comes again, and what was handled before does not.
func TestHandleCut(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		f.run(func() {
			f.want("new 1")
			f.order(dialtest.Rule{At: "UID FETCH *BODY*", Times: 3, Bytes: 100, End: dialtest.EndReset})
			f.srv.Deliver(letter(2))
			time.Sleep(10 * time.Minute)
			f.want("new 2")
			f.complete()
			if len(f.downs) != 3 {
				t.Errorf("outages: %v", f.downs)
			}
		})
	})
}

// nil from Handle counts only while the session stands.
func TestHandleEnded(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		cut := true
		f.Handle = func(_ context.Context, client *imapconn.Client, c imapwatch.Change) error {
			if f.note(c); cut {
				cut = false
				client.Abort()
			}
			return nil
		}
		f.run(func() {
			time.Sleep(time.Minute)
			f.want("new 1", "new 1")
		})
	})
}

// A panic of Handle comes through, and leaves neither a connection nor the lease.
func TestHandlePanics(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		f.Handle = func(context.Context, *imapconn.Client, imapwatch.Change) error { panic(errDisk) }
		func() {
			defer func() {
				if v := recover(); v != errDisk {
					t.Errorf("recovered %v", v)
				}
			}()
			f.ends()
		}()
	})
}

// A Handle that takes a day, during which the server ends the session, gets the change
// again; one that is done before gets each once.
func TestHandleBlocks(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		blocked := 0
		f.Handle = func(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
			if blocked++; blocked == 2 {
				time.Sleep(24 * time.Hour)
			}
			if blocked == 4 {
				time.AfterFunc(time.Hour, f.srv.HangUp)
				time.Sleep(24 * time.Hour)
			}
			return f.copy(ctx, client, c)
		}
		f.run(func() {
			f.srv.Deliver(letter(2))
			time.Sleep(25 * time.Hour)
			f.srv.Deliver(letter(3))
			time.Sleep(time.Minute)
			f.srv.Deliver(letter(4))
			time.Sleep(25 * time.Hour)
			f.want("new 1", "new 2", "new 3", "new 4")
			f.complete()
			if blocked != 5 {
				t.Errorf("Handle was called %d times", blocked)
			}
		})
	})
}

// When ctx ends, Run returns nil at once, wherever it is, and also while Handle runs.
func TestCancel(t *testing.T) {
	for _, at := range []string{"connect", "greeting", "SELECT", "UID SEARCH", "UID FETCH", "IDLE", "idling", "NOOP", "handle", "down"} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
			if f.unreach = at == "down"; at != "handle" && at != "down" {
				f.order(dialtest.Rule{At: at, End: dialtest.EndStall, Skip: true})
			}
			f.Handle = func(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
				if at == "handle" {
					<-ctx.Done()
					return fmt.Errorf("handler: %w", ctx.Err())
				}
				return f.copy(ctx, client, c)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			begun := time.Now()
			if err := imapwatch.Run(ctx, f.Config); err != nil || time.Since(begun) != 20*time.Second {
				t.Errorf("%s: %v after %v", at, err, time.Since(begun))
			}
		})
	}
}

// A Save that fails ends Run, and the change comes again.
func TestSaveError(t *testing.T) {
	watched(t, dialtest.Config{Mailbox: []string{letter(1)}}, func(f *fixture) {
		f.saved.fail = errDisk
		if err := f.ends(); !errors.Is(err, errDisk) {
			t.Error(err)
		}
		f.saved.fail = nil
		f.run(func() { f.want("new 1", "new 1") })
	})
}

// A Handle that selects another mailbox is told of the next change all the same, and not
// again and again of one.
func TestHandleSelects(t *testing.T) {
	for _, without := range [][]string{nil, {"CONDSTORE", "QRESYNC"}} {
		watched(t, dialtest.Config{Mailbox: []string{letter(1)}, Without: without}, func(f *fixture) {
			if _, err := f.srv.Store().Create("Archive"); err != nil {
				t.Fatal(err)
			}
			f.Handle = func(ctx context.Context, client *imapconn.Client, c imapwatch.Change) error {
				err := f.copy(ctx, client, c)
				if err == nil {
					_, err = client.Select("Archive", nil).Wait()
				}
				return err
			}
			f.run(func() {
				time.Sleep(time.Minute)
				f.srv.Deliver(letter(2))
				f.want("new 1", "new 2")
				f.complete()
			})
		})
	}
}
