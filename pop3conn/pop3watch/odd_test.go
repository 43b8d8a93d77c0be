package pop3watch_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// TestRefused: messages that the server does not give or delete are told of, with the
// error of Once or by Refused, and the others handled and deleted.
func TestRefused(t *testing.T) {
	f := newFixture(mailstore.Message{ID: "a"}, mailstore.Message{ID: "b"}, mailstore.Message{ID: "c"}, mailstore.Message{ID: "d"}, mailstore.Message{ID: "e"})
	f.Hook = answers(map[string]dialtest.Rule{"RETR 2": {Reply: "-ERR [SYS/TEMP] later"}, "DELE 3": {Reply: "-ERR no"}, "DELE 5": {Reply: "-ERR never"}})
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
	f.Hook = answers(map[string]dialtest.Rule{"RETR 1": {Reply: "-ERR later"}, "DELE 2": {Reply: "-ERR no"}, "DELE 3": {Reply: "-ERR never"}})
	if _, err := f.once(); err != nil || fmt.Sprint(told) != "map[b:RETR 1 c:DELE 2 e:DELE 3]" {
		t.Errorf("%v, %v", told, err)
	}
}

// TestShared: as long as one of several messages with the same identifier is not
// handled none of them is deleted, or it would pass for the one that went.
func TestShared(t *testing.T) {
	f := newFixture(three()...)
	f.Delete = true
	f.Hook = answers(map[string]dialtest.Rule{"RETR 3": {Reply: "-ERR later"}})
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
	for _, messages := range [][]mailstore.Message{nil, three()} {
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
	f.Hook = answers(map[string]dialtest.Rule{"UIDL": {Reply: "+OK\n 1\ta b\u00fc%\n2 \nx y\n3   c\n."}, "LIST": {Reply: "+OK\n1 what\n2 5\n."}})
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

// TestHugeSizes: sizes that a server makes up do not come to less than nothing.
func TestHugeSizes(t *testing.T) {
	f := newFixture(three()...)
	f.Hook = answers(map[string]dialtest.Rule{"LIST": {Reply: "+OK\n1 9223372036854775807\n2 9223372036854775807\n3 5\n."}})
	if got, err := f.once(); err != nil || got.Handled != 3 || got.Size != math.MaxInt64 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestTooLarge: a message beyond Options.MaxMessageSize is told of and left, by the
// size that the server lists, and if it has lied by reading.
func TestTooLarge(t *testing.T) {
	f := newFixture(mailstore.Message{ID: "a", Text: strings.Repeat("x", 100) + "\r\n"}, mailstore.Message{ID: "b", Text: strings.Repeat("x", 100) + "\r\n"}, mailstore.Message{ID: "c", Text: "x\r\n"})
	f.Options.MaxMessageSize, f.Delete = 50, true
	asked := ""
	f.Hook = func(command string) dialtest.Rule {
		asked += command + "; "
		return map[string]dialtest.Rule{"LIST": {Reply: "+OK\n1 102\n2 10\n3 3\n."}}[command]
	}
	got, err := f.once()
	if !errors.Is(err, pop3conn.ErrTooLarge) || got.Handled != 1 || f.left() != "[a b]" || strings.Contains(asked, "RETR 1") || !strings.Contains(asked, "RETR 2") {
		t.Errorf("%+v, %v, left %s, asked %s", got, err, f.left(), asked)
	}
}
