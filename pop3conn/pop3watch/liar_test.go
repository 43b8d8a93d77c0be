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

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// TestNotDeleted: a server that confirms deletions and does not carry them out has each
// message handed over once, and is asked once a day to delete it. Each time that is told.
func TestNotDeleted(t *testing.T) {
	for name, age := range map[string]time.Duration{"at once": 0, "a day": 24 * time.Hour, "a week": 7 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(three()...)
			f.Delete, f.Age, f.Every = true, age, time.Hour
			told := map[string]int{}
			f.Refused = func(l pop3conn.Listing, err error) {
				if errors.Is(err, pop3watch.ErrNotDeleted) {
					told[l.ID]++
				}
			}
			dele, retr := 0, 0
			f.Hook = func(command string) dialtest.Rule {
				if strings.HasPrefix(command, "DELE") {
					dele++
				}
				if strings.HasPrefix(command, "RETR") {
					retr++
				}
				return answers(map[string]dialtest.Rule{"QUIT": {Reply: "+OK bye"}})(command)
			}
			runFor(t, f, age+10*24*time.Hour)
			synctest.Wait()
			if f.told != 3 || told["b"] < 9 || told["a"] != 2*told["b"] || dele > 33 || retr > 36 {
				t.Errorf("%s: %d handled, %d DELE, %d RETR, told %v", name, f.told, dele, retr, told)
			}
			f.Hook = nil
			runFor(t, f, 26*time.Hour)
			synctest.Wait()
			if f.told != 3 || f.left() != "[]" || len(f.seen.notes) != 1 {
				t.Errorf("%s: then %d handled, left %s, noted %v", name, f.told, f.left(), f.seen.notes)
			}
		})
	}
}

// TestPoison: a message that ends each session holds up no other, neither from being
// handled nor from being deleted, whether it is new or its deletion is in doubt; in one
// Run, and from run to run of Once.
func TestPoison(t *testing.T) {
	for _, inDoubt := range []bool{false, true} {
		for _, once := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				poison(t, inDoubt, once)
			})
		}
	}
}

func poison(t *testing.T, inDoubt, once bool) {
	f := newFixture(mailstore.Message{ID: "a", Text: "one\r\n"}, mailstore.Message{ID: "b", Text: "two\r\n"}, mailstore.Message{ID: "c", Text: "three\r\n"})
	f.Delete, f.Every = true, time.Hour
	cut := map[string]bool{}
	f.Refused = func(l pop3conn.Listing, err error) { cut[l.ID] = errors.Is(err, pop3watch.ErrCutOff) }
	if inDoubt {
		f.Hook = answers(map[string]dialtest.Rule{"QUIT": hangUp})
		f.once()
		f.Add(mailstore.Message{ID: "d", Text: "four\r\n"}, mailstore.Message{ID: "e", Text: "five\r\n"})
	}
	refused := false
	f.Hook = func(command string) dialtest.Rule {
		switch {
		case command == "RETR 1":
			return dialtest.Rule{Reply: "+OK\nhalf", End: dialtest.EndClose}
		case command == "RETR 2" && !refused: // the second ends a session as well, once
			refused = true
			return hangUp
		}
		return dialtest.Rule{}
	}
	watch := func(d time.Duration) {
		for end := time.Now().Add(d); once && time.Now().Before(end); time.Sleep(time.Hour) {
			f.once()
		}
		if !once {
			runFor(t, f, d)
		}
		synctest.Wait()
	}
	watch(24 * time.Hour)
	want := 2
	if inDoubt {
		want = 5
	}
	if f.told != want || f.left() != "[a]" || !cut["a"] || cut["b"] {
		t.Errorf("in doubt %v, once %v: %d handled: %q, left %s, told %v", inDoubt, once, f.told, f.got, f.left(), cut)
	}
	f.Hook = nil
	watch(48 * time.Hour)
	if f.left() != "[]" || f.told != max(3, want) {
		t.Errorf("in doubt %v, once %v: then %d handled, left %s", inDoubt, once, f.told, f.left())
	}
}

// TestUnnamed: a message for which the server lists no identifier for a while is not
// handed over again when it does, and no other by its key.
func TestUnnamed(t *testing.T) {
	f := newFixture(mailstore.Message{ID: "a", Text: "1\r\n"}, mailstore.Message{ID: "b", Text: "2\r\n"}, mailstore.Message{ID: "c", Text: "3\r\n"})
	f.Refused = func(pop3conn.Listing, error) {}
	f.once()
	f.Hook = answers(map[string]dialtest.Rule{"UIDL": {Reply: "+OK\n1 a\n3 c\n."}})
	f.once()
	f.Hook = nil
	if f.once(); f.told != 3 {
		t.Errorf("%d handled: %q", f.told, f.got)
	}
}

// TestOtherMailbox: notes of another user, or of another server, say nothing about
// messages that have the same identifiers, unless they are the same. These are not
// handed over again.
func TestOtherMailbox(t *testing.T) {
	for name, change := range map[string]func(*fixture){
		"user": func(f *fixture) {
			f.Options.Auth = auth.Password{User: "ann", Secret: auth.NewSecret("secret"), InsecureCleartext: true}
		},
		"server": func(f *fixture) { f.Endpoint.Host = "other.localhost" },
	} {
		for _, empty := range []bool{false, true} {
			f := newFixture(mailstore.Message{ID: "1", Text: "one\r\n"}, mailstore.Message{ID: "2", Text: "two\r\n"}, mailstore.Message{ID: "3", Text: "three\r\n"})
			if _, err := f.once(); err != nil {
				t.Fatal(err)
			}
			f.Endpoint.Port = 1110 // the same mailbox
			if got, err := f.once(); err != nil || got.New != 0 {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			other := newFixture(mailstore.Message{ID: "1", Text: "six\r\n"}, mailstore.Message{ID: "2", Text: "two\r\n"}, mailstore.Message{ID: "3", Text: "eight\r\n"})
			change(other)
			other.Seen, other.seen, other.Delete = f.seen, f.seen, true
			if empty {
				other.Hook = answers(map[string]dialtest.Rule{"LIST": {Reply: "+OK\n."}, "UIDL": {Reply: "+OK\n."}})
				other.once()
			}
			other.Hook = nil
			got, err := other.once()
			if err != nil || other.told != 2 || other.got["1"] != "six\r\n" || other.got["3"] != "eight\r\n" || got.Deleted != 3 {
				t.Errorf("%s, empty %v: %+v, %v, %q", name, empty, got, err, other.got)
			}
		}
	}
}

// numbered makes the identifiers those of the messages' numbers in the session.
func (f *fixture) numbered() dialtest.Rule {
	reply := "+OK\n"
	for i := range f.Messages() {
		reply += fmt.Sprintf("%d %d\n", i+1, i+1)
	}
	return dialtest.Rule{Reply: reply + "."}
}

// TestNumbered: where identifiers are numbers that begin anew with each session, no
// message is deleted that Handle has not had.
func TestNumbered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.Delete, f.Age, f.Every = true, 5*time.Hour, time.Hour
		texts := map[string]int{}
		f.Handle = func(_ context.Context, m *pop3watch.Message) error {
			text, err := io.ReadAll(m)
			texts[string(text)]++
			return err
		}
		f.Hook = func(command string) dialtest.Rule {
			if command == "UIDL" {
				return f.numbered()
			}
			return dialtest.Rule{}
		}
		const n = 40
		go func() {
			for i := range n {
				f.Add(mailstore.Message{ID: fmt.Sprint("x", i), Text: fmt.Sprintf("message %02d\r\n", i)}) // all of one size
				time.Sleep(33 * time.Minute)
			}
		}()
		runFor(t, f, 3*24*time.Hour)
		synctest.Wait()
		if len(texts) != n || f.left() != "[]" {
			t.Errorf("%d messages, left %s", len(texts), f.left())
		}
	})
}

// TestResized: a message with the identifier of another, which a third program has
// deleted, is handed over; and one whose size is listed otherwise than before is not.
func TestResized(t *testing.T) {
	f := newFixture(mailstore.Message{ID: "a", Text: "one\r\n"}, mailstore.Message{ID: "b", Text: "two\r\n"})
	f.once()
	f.Hook = func(command string) dialtest.Rule {
		switch command {
		case "LIST":
			return dialtest.Rule{Reply: "+OK\n1 7\n2 1000\n."}
		case "RETR 1":
			return dialtest.Rule{Reply: "+OK\nthree\n."}
		}
		return dialtest.Rule{}
	}
	for range 3 {
		if _, err := f.once(); err != nil || f.told != 3 || f.got["a"] != "one\r\nthree\r\n" || f.got["b"] != "two\r\n" {
			t.Errorf("%v, %q", err, f.got)
		}
	}
}
