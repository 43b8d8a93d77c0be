package pop3watch_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/pop3conn"
)

// TestReused: an identifier that the server gives to another message, after a deletion
// that was confirmed, does not keep that from being handled.
func TestReused(t *testing.T) {
	f := newFixture(mailstore.Message{ID: "X", Text: "one\r\n"})
	f.Delete = true
	for range 2 {
		if _, err := f.once(); err != nil || len(f.seen.keys()) != 0 || f.left() != "[]" {
			t.Fatalf("%v, noted %v", err, f.seen.keys())
		}
		f.Add(mailstore.Message{ID: "X", Text: "two\r\n"})
	}
	if f.got["X"] != "one\r\ntwo\r\n" {
		t.Errorf("%q", f.got)
	}
}

// TestUnconfirmed: when QUIT was not confirmed, messages may be there and may be gone.
// What is there is not handled again and deleted the next time; what is gone is
// forgotten; and another message that was given the same identifier is handled.
func TestUnconfirmed(t *testing.T) {
	for name, tt := range map[string]struct {
		quit  dialtest.Rule // what the server says
		reuse bool          // another message is given the identifier then
		got   string
		told  int
	}{
		"refused":         {dialtest.Rule{Reply: "-ERR [SYS/TEMP] some are not removed"}, false, "one\r\n", 1},
		"lost before":     {hangUp, false, "one\r\n", 1},
		"lost behind":     {lost, false, "one\r\n", 1},
		"reused":          {lost, true, "one\r\ntwo\r\n", 2},
		"one too many":    {dialtest.Rule{Reply: "+OK\n-ERR not removed", End: dialtest.EndClose}, false, "one\r\n", 1},
		"refused, reused": {dialtest.Rule{Reply: "-ERR", Obey: true}, true, "one\r\ntwo\r\n", 2},
	} {
		f := newFixture(mailstore.Message{ID: "X", Text: "one\r\n"})
		f.Delete = true
		f.Hook = answers(map[string]dialtest.Rule{"QUIT": tt.quit})
		got, err := f.once()
		var outage *dial.Error
		if !errors.As(err, &outage) || !errors.Is(err, pop3conn.ErrNotConfirmed) || len(err.Error()) > 512 || got.Deleted != 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if text, _ := f.seen.notes["X"].MarshalText(); !strings.HasSuffix(string(text), " going") {
			t.Errorf("%s: note %q", name, text)
		}
		if tt.reuse {
			f.Add(mailstore.Message{ID: "X", Text: "two\r\n"})
		}
		f.Hook = nil
		got, err = f.once()
		if err != nil || f.got["X"] != tt.got || f.told != tt.told || f.left() != "[]" || len(f.seen.keys()) != 0 {
			t.Errorf("%s: then %+v, %v, got %q, left %s, noted %v", name, got, err, f.got["X"], f.left(), f.seen.keys())
		}
	}
}

// TestLostMarks: a session that ends before QUIT has deleted nothing, and its notes say
// so: the next look has no doubts.
func TestLostMarks(t *testing.T) {
	f := newFixture(three()...)
	f.Delete = true
	f.Hook = answers(map[string]dialtest.Rule{"DELE 2": hangUp})
	if _, err := f.once(); err == nil || f.left() != "[a b a]" || len(f.seen.keys()) != 3 {
		t.Errorf("%v, left %s", err, f.left())
	}
	for key, n := range f.seen.notes {
		if text, _ := n.MarshalText(); strings.Contains(string(text), "going") {
			t.Errorf("%s: %s", key, text)
		}
	}
	asked := ""
	f.Hook = func(command string) dialtest.Rule { asked += command + "; "; return dialtest.Rule{} }
	if _, err := f.once(); err != nil || f.left() != "[]" || strings.Contains(asked, "RETR") || f.told != 3 {
		t.Errorf("%v, left %s, asked %s", err, f.left(), asked)
	}
}

// TestDoubtful: of the messages whose deletion is in doubt, one that the server does
// not give is left, and told of.
func TestDoubtful(t *testing.T) {
	f := newFixture(mailstore.Message{ID: "X", Text: "one\r\n"}, mailstore.Message{ID: "Y", Text: "two\r\n"})
	f.Delete = true
	f.Hook = answers(map[string]dialtest.Rule{"QUIT": hangUp})
	if _, err := f.once(); err == nil {
		t.Error("no error")
	}
	f.Hook = answers(map[string]dialtest.Rule{"RETR 1": {Reply: "-ERR later"}})
	if _, err := f.once(); err == nil || f.left() != "[X]" || f.told != 2 {
		t.Errorf("%v, left %s", err, f.left())
	}
	f.Delete = false // a program that has changed its mind
	f.Hook = nil
	if _, err := f.once(); err != nil || f.left() != "[X]" || f.told != 2 {
		t.Errorf("%v, left %s", err, f.left())
	}
}

// Of two messages that share an identifier, of which the server refuses to delete one, the
// other is not handed over again by the key that it has then, whatever becomes of QUIT.
func TestSharedRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		refuse string
		quit   dialtest.Rule
		later  bool // a message comes that has the identifier as well
	}{
		"first":                {"DELE 1", dialtest.Rule{}, false},
		"second":               {"DELE 2", dialtest.Rule{}, false},
		"both":                 {"DELE *", dialtest.Rule{}, false},
		"second, new":          {"DELE 2", dialtest.Rule{}, true},
		"second, doubtful":     {"DELE 2", lost, false},
		"first, doubtful":      {"DELE 1", lost, false},
		"second, doubtful new": {"DELE 2", lost, true},
		"none, doubtful new":   {"no", lost, true},
	} {
		f := newFixture(mailstore.Message{ID: "same", Text: "one\r\n"}, mailstore.Message{ID: "same", Text: "two\r\n"})
		f.Delete = true
		f.Hook = func(command string) dialtest.Rule {
			if command == tt.refuse || tt.refuse == "DELE *" && strings.HasPrefix(command, "DELE") {
				return dialtest.Rule{Reply: "-ERR not now"}
			}
			return answers(map[string]dialtest.Rule{"QUIT": tt.quit})(command)
		}
		want := 2
		f.once()
		if tt.later {
			f.Add(mailstore.Message{ID: "same", Text: "three\r\n"})
			want++
		}
		f.Hook = answers(map[string]dialtest.Rule{"QUIT": hangUp})
		f.once()
		f.Hook = nil
		if _, err := f.once(); err != nil || f.told != want || f.left() != "[]" || len(f.seen.keys()) != 0 {
			t.Errorf("%s: %v, told %d times: %q; left %s, noted %v", name, err, f.told, f.got, f.left(), f.seen.keys())
		}
	}
}
