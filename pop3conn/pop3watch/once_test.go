package pop3watch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/popbox"
	"github.com/mailconn/mailconn/pop3conn"
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
			f.Add(popbox.Message{ID: "c", Text: "four\r\n"})
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
		f := newFixture(popbox.Message{ID: "a"}, popbox.Message{ID: "b"}, popbox.Message{ID: "c"}, popbox.Message{ID: "c"})
		f.seen.notes["a"], f.seen.notes["b"], f.seen.notes["c"] = aged(t, 10*time.Hour), aged(t, 2*time.Hour), aged(t, 10*time.Hour)
		f.Delete, f.Age = tt.del, tt.age
		got, err := f.once()
		if err != nil || got.Handled != 1 || f.left() != tt.left || got.Deleted != 4-len(f.Messages()) || len(f.seen.notes) != len(f.Messages()) {
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
			f.Hook = func(command string) string { said = command; return "" }
			for _, look := range []func(context.Context, pop3watch.Config) error{pop3watch.Once, pop3watch.Run} {
				clear(f.seen.notes)
				run, cancel := context.WithTimeout(ctx, time.Hour)
				err := look(run, f.Config)
				cancel()
				if !errors.Is(err, tt.want) || len(f.seen.notes) != tt.handled || f.left() != "[a b a]" || f.seen.held {
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
	if got, err := f.once(); err != nil || got.Handled != 3 || len(f.seen.notes) != 3 {
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
		f.Hook = answers(map[string]string{"RETR 2": "+OK\r\ntwCLOSE"})
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

// TestRefused: messages that the server does not give or delete are told of, with the
// error of Once or by Refused, and the others handled and deleted.
func TestRefused(t *testing.T) {
	f := newFixture(popbox.Message{ID: "a"}, popbox.Message{ID: "b"}, popbox.Message{ID: "c"}, popbox.Message{ID: "d"}, popbox.Message{ID: "e"})
	f.Hook = answers(map[string]string{"RETR 2": "-ERR [SYS/TEMP] later\r\n", "DELE 3": "-ERR no\r\n", "DELE 5": "-ERR never\r\n"})
	f.Delete = true
	got, err := f.once()
	var refused *pop3conn.Error
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "RETR 2") || !strings.Contains(err.Error(), "DELE 3") || !strings.Contains(err.Error(), "DELE 5") {
		t.Errorf("%v", err)
	}
	if want := (pop3watch.Look{Listed: 5, New: 5, Handled: 4, Deleted: 2, Over: true}); got != want || f.left() != "[b c e]" || fmt.Sprint(f.seen.keys()) != "[c e]" {
		t.Errorf("%+v, left %s, noted %v", got, f.left(), f.seen.keys())
	}
	told := map[string]string{}
	f.Refused = func(l pop3conn.Listing, err error) {
		if errors.As(err, &refused) {
			told[l.ID] = refused.Command
		}
	}
	f.Hook = answers(map[string]string{"RETR 1": "-ERR later\r\n", "DELE 2": "-ERR no\r\n", "DELE 3": "-ERR never\r\n"})
	if _, err := f.once(); err != nil || fmt.Sprint(told) != "map[b:RETR 1 c:DELE 2 e:DELE 3]" {
		t.Errorf("%v, %v", told, err)
	}
}

// TestShared: as long as one of several messages with the same identifier is not
// handled none of them is deleted, or it would pass for the one that went.
func TestShared(t *testing.T) {
	f := newFixture(three()...)
	f.Delete = true
	f.Hook = answers(map[string]string{"RETR 3": "-ERR later\r\n"})
	if _, err := f.once(); err == nil || f.left() != "[a a]" {
		t.Errorf("%v, left %s", err, f.left())
	}
	f.Hook = nil
	if _, err := f.once(); err != nil || f.left() != "[]" || f.got["a"] != "one\r\n" || f.got["a 2"] != "three\r\n" || f.told != 3 {
		t.Errorf("%v, %q, left %s", err, f.got, f.left())
	}
}

// TestForget: what is gone from the server is forgotten, but not for an empty list.
func TestForget(t *testing.T) {
	f := newFixture()
	f.seen.notes["gone"] = aged(t, time.Hour)
	for _, messages := range [][]popbox.Message{nil, three()} {
		f.Add(messages...)
		if _, err := f.once(); err != nil {
			t.Fatal(err)
		}
		if _, noted := f.seen.notes["gone"]; noted != (messages == nil) {
			t.Errorf("%d listed: %v", len(messages), f.seen.keys())
		}
	}
}

// TestOddList: a line that cannot be read costs its message, which is told of if its
// number is known.
func TestOddList(t *testing.T) {
	f := newFixture(three()...)
	f.Hook = answers(map[string]string{"UIDL": "+OK\r\n 1\ta b\u00fc%\r\n2 \r\nx y\r\n3   c\r\n.\r\n", "LIST": "+OK\r\n1 what\r\n2 5\r\n.\r\n"})
	var odd []pop3conn.Listing
	f.Refused = func(l pop3conn.Listing, err error) {
		if errors.Is(err, pop3watch.ErrNoID) {
			odd = append(odd, l)
		}
	}
	got, err := f.once()
	if err != nil || got.Handled != 2 || fmt.Sprint(odd) != "[{2  5}]" || fmt.Sprint(f.seen.keys()) != "[a%20b%C3%BC%25 c]" {
		t.Errorf("%+v, %v, %v, noted %v", got, err, odd, f.seen.keys())
	}
}

// TestTooLarge: a message beyond Options.MaxMessageSize is told of and left, by the
// size that the server lists, and if it has lied by reading.
func TestTooLarge(t *testing.T) {
	f := newFixture(popbox.Message{ID: "a", Text: strings.Repeat("x", 100) + "\r\n"}, popbox.Message{ID: "b", Text: strings.Repeat("x", 100) + "\r\n"}, popbox.Message{ID: "c", Text: "x\r\n"})
	f.Options.MaxMessageSize, f.Delete = 50, true
	asked := ""
	f.Hook = func(command string) string {
		asked += command + "; "
		return map[string]string{"LIST": "+OK\r\n1 102\r\n2 10\r\n3 3\r\n.\r\n"}[command]
	}
	got, err := f.once()
	if !errors.Is(err, pop3conn.ErrTooLarge) || got.Handled != 1 || f.left() != "[a b]" || strings.Contains(asked, "RETR 1") || !strings.Contains(asked, "RETR 2") {
		t.Errorf("%+v, %v, left %s, asked %s", got, err, f.left(), asked)
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
