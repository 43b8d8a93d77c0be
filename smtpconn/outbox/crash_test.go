package outbox_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// after opens what a child has left, and calls f, in a bubble.
func after(t *testing.T, dir string, s *server, f func(b *box)) {
	t.Helper()
	s.set(nil)
	synctest.Test(t, func(t *testing.T) {
		b := open(t, dir, outbox.Config{}, s)
		f(b)
		b.close()
	})
}

// contents returns the names of the contents in a directory.
func contents(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "content"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// killedAt kills a child that puts and delivers one message, and returns what is left.
func killedAt(t *testing.T, call, when string, n int64) (dir string, s *server, put, told []string) {
	t.Helper()
	dir, s = newDir(t), newServer()
	p := point{call, when, n}
	put, told, killed := crashed(t, dir, s.listen(t), p, 1, 1)
	if !killed {
		t.Fatalf("%v was not met", p)
	}
	return dir, s, put, told
}

func isNotThere(t *testing.T, call, when string) {
	dir, s, put, _ := killedAt(t, call, when, 1)
	if len(put) > 0 || len(contents(t, dir)) != 1 {
		t.Errorf("acknowledged %v, contents %v", put, contents(t, dir))
	}
	after(t, dir, s, func(b *box) {
		if len(contents(t, dir)) > 0 || b.Stats().Messages != 0 {
			t.Errorf("left: %v, %+v", contents(t, dir), b.Stats())
		}
		b.mustPut("m1", "ann@mail.test")
		b.drain()
		b.expect("m1 ann@mail.test: accepted")
	})
	expectTaken(t, s, "m1 ann@mail.test")
}

func row01(t *testing.T) {
	isNotThere(t, "write content", "before")
	isNotThere(t, "write content", "half")
	isNotThere(t, "sync content", "before")
}

func row02(t *testing.T) {
	isNotThere(t, "sync content", "behind")
	isNotThere(t, "write put", "before")
	isNotThere(t, "write put", "half")
}

// The journal's first sync is when it is created, the second is Put's.
func row03(t *testing.T) {
	dir, s, put, _ := killedAt(t, "sync journal", "behind", 2)
	if len(put) > 0 {
		t.Errorf("acknowledged: %v", put)
	}
	after(t, dir, s, func(b *box) {
		b.mustPut("m1", "ann@mail.test")
		b.drain()
		b.expect("m1 ann@mail.test: accepted")
	})
	expectTaken(t, s, "m1 ann@mail.test")
}

func isSentAgain(t *testing.T, dir string, s *server) {
	t.Helper()
	if s.total() > 0 {
		t.Errorf("taken before: %v", s.taken())
	}
	after(t, dir, s, func(b *box) {
		b.drain()
		b.expect("m1 ann@mail.test: accepted")
	})
	expectTaken(t, s, "m1 ann@mail.test")
}

// killing is a server that kills its client at a command.
func killing(t *testing.T, command string) (dir string, s *server) {
	t.Helper()
	dir, s = newDir(t), newServer()
	cmd := child.Command(t, "crash", dir, s.listen(t), "none/none/0", "1", "1")
	started := make(chan bool)
	s.set(func(c, usual string) string {
		if strings.HasPrefix(c, command) {
			<-started
			cmd.Process.Kill()
			return "-"
		}
		return usual
	})
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	if err := cmd.Wait(); err == nil {
		t.Fatalf("it was not killed\n%s", &out)
	}
	return dir, s
}

func row04(t *testing.T) {
	dir, s := killing(t, "greeting")
	isSentAgain(t, dir, s)
}

func row05(t *testing.T) {
	for _, command := range []string{"MAIL", "RCPT", "DATA"} {
		dir, s := killing(t, command)
		isSentAgain(t, dir, s)
	}
	dir, s, _, _ := killedAt(t, "write mark", "before", 1)
	isSentAgain(t, dir, s)
}

// isInDoubt opens what a child has left, and looks that the message is told to be in
// doubt, in each run, and not sent.
func isInDoubt(t *testing.T, dir string, s *server, took int) {
	t.Helper()
	for range 2 {
		after(t, dir, s, func(b *box) {
			b.mustPut("m1", "ann@mail.test")
			b.drain()
			b.expect("m1 ann@mail.test: doubt")
			if list := b.Doubtful(); len(list) != 1 || list[0].ID != "m1" || list[0].Attempts != 1 || list[0].Err == nil {
				t.Errorf("%+v", list)
			}
		})
	}
	if s.total() != took {
		t.Errorf("taken: %v", s.taken())
	}
}

func row06(t *testing.T) {
	dir, s, put, _ := killedAt(t, "write mark", "behind", 1)
	if len(put) != 1 {
		t.Error("not acknowledged")
	}
	isInDoubt(t, dir, s, 0)
}

func row07(t *testing.T) {
	dir, s := killing(t, ".")
	isInDoubt(t, dir, s, 1)
}

func row08(t *testing.T) {
	dir, s, _, _ := killedAt(t, "write state", "before", 1)
	isInDoubt(t, dir, s, 1)
}

func row09(t *testing.T) {
	dir, s, _, told := killedAt(t, "write state", "behind", 1)
	if len(told) > 0 {
		t.Errorf("told before it was synced: %v", told)
	}
	after(t, dir, s, func(b *box) {
		b.drain()
		b.expect("m1 ann@mail.test: accepted")
	})
	expectTaken(t, s, "m1 ann@mail.test")
}

// Two connections have two messages each. The dots of two are out when the client is
// killed: those have a mark, and the other two have not.
func row10(t *testing.T) {
	dir, s := newDir(t), newServer()
	cmd := child.Command(t, "crash", dir, s.listen(t), "none/none/0", "4", "2")
	dots := make(chan bool, 2)
	s.set(func(c, usual string) string {
		if c == "." {
			dots <- true
			return "-"
		}
		return usual
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-dots
	<-dots
	cmd.Process.Kill()
	cmd.Wait()
	after(t, dir, s, func(b *box) {
		for i := range 4 {
			b.mustPut(fmt.Sprint("m", i+1), "ann@mail.test")
		}
		b.drain()
		if results, doubts := b.count(); results != 2 || doubts != 2 {
			t.Errorf("told:\n%s", b.told())
		}
	})
	expectTaken(t, s, "m1 ann@mail.test", "m2 ann@mail.test", "m3 ann@mail.test", "m4 ann@mail.test")
}

// One connection, two workers: the envelope of the second message is out with the dot
// of the first.
func row11(t *testing.T) {
	dir := newDir(t)
	synctest.Test(t, func(t *testing.T) {
		s, both := newServer(), make(chan bool)
		s.set(func(c, usual string) string {
			switch c {
			case "greeting":
				<-both
			case ".":
				return "-"
			}
			return usual
		})
		b := prepare(t, dir, outbox.Config{Relays: []outbox.Relay{newPool(t, s, 1)}, Workers: 2})
		b.start(outbox.SystemCalls())
		b.mustPut("m1", "ann@mail.test")
		synctest.Wait() // the first worker waits for the connection
		b.mustPut("m2", "ann@mail.test")
		synctest.Wait()
		close(both)
		synctest.Wait()
		if s.said("MAIL") != 2 || s.said(".") != 1 {
			t.Errorf("said: %q", s.commands)
		}
		if err := os.CopyFS(dir+"-copy", os.DirFS(dir)); err != nil { // as it is at this moment
			t.Error(err)
		}
		cut, cancel := context.WithCancel(t.Context())
		cancel()
		b.Close(cut)
	})
	private(t, dir+"-copy")
	after(t, dir+"-copy", newServer(), func(b *box) {
		b.drain()
		b.expect("m2 ann@mail.test: accepted", "m1 ann@mail.test: doubt")
	})
}

// private gives files the permissions that an outbox has.
func private(t *testing.T, dir string) {
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A child is killed at every call that writes or syncs, before it, behind it and in the
// middle of writes, in the compactions too. Every message that was acknowledged is
// accepted once or in doubt, whatever the client puts again.
func TestKilledEverywhere(t *testing.T) {
	step := int64(7) // a prime, so that all kinds of calls are met
	if os.Getenv("MAILCONN_FULL") != "" {
		step = 1
	}
	total, inDoubt, anew := 0, 0, 0
	for i, when := range []string{"before", "half", "behind"} {
		for n := 1 + int64(i); ; n += step {
			dir, s := newDir(t), newServer()
			put, told, killed := crashed(t, dir, s.listen(t), point{"", when, n}, 6, 2)
			if _, err := os.Stat(filepath.Join(dir, "journal.new")); err == nil {
				anew++
			}
			inDoubt += survives(t, fmt.Sprint(when, n), dir, s, put, told)
			if !killed {
				break
			}
			total++
		}
	}
	t.Logf("%d kills, %d of them while the journal was written anew; %d messages in doubt", total, anew, inDoubt)
}

// survives opens what a killed child has left, puts the six messages again, and looks
// that each was taken once, unless it is in doubt. It returns how many are.
func survives(t *testing.T, name, dir string, s *server, put, told []string) (inDoubt int) {
	t.Helper()
	after(t, dir, s, func(b *box) {
		if list := b.Damaged(); len(list) > 0 {
			t.Errorf("%s: %v", name, list)
		}
		for i := range 6 {
			b.mustPut(fmt.Sprint("m", i+1), "ann@mail.test")
		}
		b.drain()
		doubtful := b.inDoubt()
		inDoubt = len(doubtful)
		taken := s.taken()
		for i := range 6 {
			id := fmt.Sprint("m", i+1)
			times := taken[id+" ann@mail.test"]
			if times > 1 || times == 0 && !doubtful[id] || doubtful[id] && slices.Contains(told, id) {
				t.Errorf("%s: %s was taken %d times; in doubt: %v; put %v, told %v", name, id, times, doubtful[id], put, told)
			}
		}
		if len(contents(t, dir)) != inDoubt {
			t.Errorf("%s: %d contents, %d in doubt", name, len(contents(t, dir)), inDoubt)
		}
	})
	return inDoubt
}
