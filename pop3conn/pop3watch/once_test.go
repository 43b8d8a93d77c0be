package pop3watch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// TestNew: what was handled is not handed over again, identifiers that are shared
// included, and nothing is deleted unless the Config says so.
func TestNew(t *testing.T) {
	f := newFixture(three()...)
	for run, want := range []pop3watch.Look{
		{Listed: 3, New: 3, Size: 20, Handled: 3, Over: true},
		{Listed: 3, Over: true},
		{Listed: 4, New: 1, Size: 6, Handled: 1, Over: true},
	} {
		if run == 2 {
			f.Add(mailstore.Message{ID: "c", Text: "four\r\n"})
		}
		if got, err := f.once(); err != nil || got != want {
			t.Errorf("run %d: %+v, %v", run, got, err)
		}
	}
	want := map[string]string{"a": "one\r\n", "b": "two\r\n.\r\n", "a 2": "three\r\n", "c": "four\r\n"}
	if fmt.Sprint(f.got) != fmt.Sprint(want) || f.left() != "[a b a c]" || f.told != 4 {
		t.Errorf("%q, left %s", f.got, f.left())
	}
}

// TestDelete: what was handled is deleted at its age, in the same session if that is
// zero, and nothing else ever. Messages that share an identifier go together.
func TestDelete(t *testing.T) {
	for _, tt := range []struct {
		age  time.Duration
		del  bool
		left string
	}{{0, false, "[a b c c]"}, {0, true, "[]"}, {5 * time.Hour, true, "[b c c]"}, {20 * time.Hour, true, "[a b c c]"}} {
		f := newFixture(mailstore.Message{ID: "a"}, mailstore.Message{ID: "b"}, mailstore.Message{ID: "c"}, mailstore.Message{ID: "c"})
		f.seen.notes["a"], f.seen.notes["b"], f.seen.notes["c"] = aged(t, 10*time.Hour), aged(t, 2*time.Hour), aged(t, 10*time.Hour)
		f.Delete, f.Age = tt.del, tt.age
		got, err := f.once()
		if err != nil || got.Handled != 1 || f.left() != tt.left || got.Deleted != 4-len(f.Messages()) || len(f.seen.keys()) != len(f.Messages()) {
			t.Errorf("delete %v at %v: %+v, %v; left %s, noted %v", tt.del, tt.age, got, err, f.left(), f.seen.keys())
		}
	}
}

// TestNotHandled: what keeps a message from being handled keeps it on the server and
// out of the notes.
func TestNotHandled(t *testing.T) {
	full := errors.New("disk full")
	for name, tt := range map[string]struct {
		handle  func(*pop3watch.Message) error
		want    error
		handled int
	}{
		"error":  {func(m *pop3watch.Message) error { io.Copy(io.Discard, m); return full }, full, 0},
		"unread": {func(m *pop3watch.Message) error { return nil }, pop3watch.ErrUnread, 0},
		"half":   {func(m *pop3watch.Message) error { m.Read(make([]byte, 2)); return nil }, pop3watch.ErrUnread, 0},
		"closed": {func(m *pop3watch.Message) error { return m.Close() }, pop3watch.ErrUnread, 0},
		"second": {func(m *pop3watch.Message) error {
			io.Copy(io.Discard, m)
			if m.Msg == 2 {
				return full
			}
			return nil
		}, full, 1},
		"dial": {func(m *pop3watch.Message) error { return &dial.Error{Phase: dial.PhaseConnect, Err: full} }, full, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(three()...)
			f.Delete = true
			f.Handle = func(_ context.Context, m *pop3watch.Message) error { return tt.handle(m) }
			said := ""
			f.Hook = func(command string) dialtest.Rule { said = command; return dialtest.Rule{} }
			for _, look := range []func(context.Context, pop3watch.Config) error{pop3watch.Once, pop3watch.Run} {
				clear(f.seen.notes)
				run, cancel := context.WithTimeout(ctx, time.Hour)
				err := look(run, f.Config)
				cancel()
				if !errors.Is(err, tt.want) || len(f.seen.keys()) != tt.handled || f.left() != "[a b a]" || f.seen.held {
					t.Errorf("%s: %v, noted %v, left %s", name, err, f.seen.keys(), f.left())
				}
				if said != "QUIT" {
					t.Errorf("%s: the server heard %s last", name, said)
				}
			}
		})
	}
}

// TestNotedInTheEnd: what was handled is noted, also if the context has ended by then.
func TestNotedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(three()...)
		run, cancel := context.WithCancel(ctx)
		f.Handle = func(ctx context.Context, m *pop3watch.Message) error {
			err := f.store(ctx, m)
			cancel()
			synctest.Wait() // the session is over by then
			return err
		}
		if err := pop3watch.Run(run, f.Config); err != nil || f.told != 1 || fmt.Sprint(f.seen.keys()) != "[a]" {
			t.Errorf("%v, %d handled, noted %v", err, f.told, f.seen.keys())
		}
	})
}

// TestUnreadWithoutDelete: a program that deletes nothing need not read all.
func TestUnreadWithoutDelete(t *testing.T) {
	f := newFixture(three()...)
	f.Handle = func(_ context.Context, m *pop3watch.Message) error { _, err := m.Read(make([]byte, 1)); return err }
	if got, err := f.once(); err != nil || got.Handled != 3 || len(f.seen.keys()) != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestNotNoted: if a message cannot be noted the look ends there, and it comes again.
func TestNotNoted(t *testing.T) {
	f := newFixture(three()...)
	f.Delete, f.seen.fail = true, errors.New("disk full")
	if got, err := f.once(); !errors.Is(err, f.seen.fail) || got.Handled != 0 || f.told != 1 || f.left() != "[a b a]" {
		t.Errorf("%+v, %v", got, err)
	}
	f.seen.fail = nil
	if got, err := f.once(); err != nil || got.Handled != 3 || f.got["a"] != "one\r\none\r\n" || f.left() != "[]" {
		t.Errorf("%+v, %v: %q", got, err, f.got)
	}
}

// TestCutOff: a message that was cut short is not noted, even if Handle does not
// notice, and what Handle says of it is no error of its own.
func TestCutOff(t *testing.T) {
	for _, answer := range []error{nil, errors.New("cut off")} {
		f := newFixture(three()...)
		f.Delete = true
		f.Hook = answers(map[string]dialtest.Rule{"RETR 2": {Reply: "+OK\ntw", End: dialtest.EndClose}})
		f.Handle = func(ctx context.Context, m *pop3watch.Message) error {
			if m.Msg == 2 {
				io.Copy(io.Discard, m)
				return answer
			}
			return f.store(ctx, m)
		}
		var outage *dial.Error
		if got, err := f.once(); !errors.As(err, &outage) || outage.Phase != dial.PhaseSession || got.Handled != 1 || fmt.Sprint(f.seen.keys()) != "[a]" {
			t.Errorf("%+v, %v, noted %v", got, err, f.seen.keys())
		}
		if f.left() != "[a b a]" {
			t.Errorf("left %s", f.left())
		}
	}
}

// TestConfig: what is wrong is an error before any I/O.
func TestConfig(t *testing.T) {
	f := newFixture()
	var none context.Context
	for name, change := range map[string]func(*pop3watch.Config){
		"Seen":     func(c *pop3watch.Config) { c.Seen = nil },
		"Handle":   func(c *pop3watch.Config) { c.Handle = nil },
		"Age":      func(c *pop3watch.Config) { c.Age = -1 },
		"Every":    func(c *pop3watch.Config) { c.Every = -1 },
		"MinDelay": func(c *pop3watch.Config) { c.MinDelay = time.Hour },
		"context":  nil,
	} {
		c, with := f.Config, ctx
		if change == nil {
			with = none
		} else {
			change(&c)
		}
		if err := errors.Join(pop3watch.Once(with, c), nil); err == nil {
			t.Errorf("%s: no error", name)
		}
		if err := pop3watch.Run(with, c); err == nil || f.seen.held || len(f.net.dials) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
