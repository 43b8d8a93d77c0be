package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// flaky is a disk that fails when a test says so.
type flaky struct {
	mu   sync.Mutex
	fail func(call string) error // nil: it does not
	n    int                     // calls so far
}

func (f *flaky) set(fail func(call string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (f *flaky) check(call string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if call != "read" {
		f.n++
	}
	if f.fail == nil {
		return nil
	}
	return f.fail(call)
}

// calls returns system calls that fail. A write that fails has written half. A sync
// that does not fail does nothing, which takes less time.
func (f *flaky) calls() outbox.Calls {
	system := outbox.SystemCalls()
	return outbox.Calls{
		Read: func(file *os.File, b []byte) (int, error) {
			if err := f.check("read"); err != nil {
				return 0, err
			}
			return system.Read(file, b)
		},
		Write: func(file *os.File, b []byte, at int64) (int, error) {
			if err := f.check(writeName(file, b)); err != nil {
				n, _ := system.Write(file, b[:len(b)/2], at)
				return n, err
			}
			return system.Write(file, b, at)
		},
		Sync: func(file *os.File) error {
			name := "sync journal"
			if strings.Contains(file.Name(), "/content/") {
				name = "sync content"
			}
			return f.check(name)
		},
		SyncDir: func(path string) error {
			return f.check("syncdir")
		},
	}
}

// always fails all calls whose name has a prefix.
func always(prefix string, err error) func(string) error {
	return func(call string) error {
		if strings.HasPrefix(call, prefix) {
			return err
		}
		return nil
	}
}

// openFlaky opens an outbox on a disk that fails.
func openFlaky(t *testing.T, c outbox.Config, servers ...*server) (*box, *flaky) {
	t.Helper()
	f := &flaky{}
	b := prepare(t, newDir(t), c, servers...)
	b.start(f.calls())
	return b, f
}

// wait lets time pass in a bubble.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func row12(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.setDown(errRefused)
		b, disk := openFlaky(t, outbox.Config{}, s)
		b.mustPut("m1", "ann@mail.test")
		wait(time.Second)
		s.setDown(nil)
		disk.set(always("sync", syscall.EIO))
		wait(time.Hour)
		if s.said("DATA") < 2 || s.said(".") > 0 || s.total() > 0 || b.Stats().Waiting != 1 {
			t.Errorf("%d DATA, %d dots, %+v", s.said("DATA"), s.said("."), b.Stats())
		}
		var anew []string
		disk.set(func(call string) error {
			if call != "read" {
				anew = append(anew, call)
			}
			return nil
		})
		b.drain()
		if len(anew) < 3 || anew[0] != "write anew" {
			t.Errorf("the first calls were %q", anew)
		}
		b.expect("m1 ann@mail.test: accepted")
		b.close()
		expectTaken(t, s, "m1 ann@mail.test")
	})
}

func row13(t *testing.T) {
	for _, settle := range []string{"put", "cancel", "open"} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			b, disk := openFlaky(t, outbox.Config{}, s)
			disk.set(always("sync journal", syscall.EIO))
			for range 2 {
				if err := b.put("m1", "ann@mail.test"); !errors.Is(err, outbox.ErrMaybeStored) || !errors.Is(err, syscall.EIO) {
					t.Errorf("put: %v", err)
				}
			}
			wait(24 * time.Hour)
			if len(s.commands) > 0 {
				t.Errorf("it was sent: %q", s.commands)
			}
			disk.set(nil)
			b.mustPut("m2", "ann@mail.test")
			wait(24 * time.Hour)
			want := []string{"m2 ann@mail.test: accepted"}
			expectTaken(t, s, "m2 ann@mail.test")
			switch settle {
			case "put":
				b.mustPut("m1", "ann@mail.test")
				want = append(want, "m1 ann@mail.test: accepted")
			case "cancel":
				if err := b.Cancel(t.Context(), "m1"); err != nil {
					t.Error(err)
				}
			case "open":
				b.close()
				dir := b.dir
				b = open(t, dir, outbox.Config{}, s)
				want = []string{"m1 ann@mail.test: accepted"}
			}
			b.drain()
			b.expect(want...)
			if n := len(contents(t, b.dir)); n > 0 {
				t.Errorf("%s: %d contents", settle, n)
			}
			b.close()
		})
	}
}

func row14(t *testing.T) {
	for _, call := range []string{"write content", "sync content", "syncdir", "write put"} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			s.setDown(errRefused)
			b, disk := openFlaky(t, outbox.Config{}, s)
			b.mustPut("m1", "ann@mail.test")
			disk.set(always(call, syscall.ENOSPC))
			if err := b.put("m2", "ann@mail.test"); !errors.Is(err, outbox.ErrFull) || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("%s: %v", call, err)
			}
			if n := len(contents(t, b.dir)); n != 1 || b.Stats().Messages != 1 {
				t.Errorf("%s: %d contents, %+v", call, n, b.Stats())
			}
			s.setDown(nil)
			b.drain()
			b.expect("m1 ann@mail.test: accepted")
			disk.set(nil)
			b.mustPut("m2", "ann@mail.test")
			b.close()
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.setDown(errRefused)
		b := open(t, newDir(t), outbox.Config{MaxMessages: 1}, s)
		b.mustPut("m1", "ann@mail.test")
		if err := b.put("m2", "ann@mail.test"); !errors.Is(err, outbox.ErrFull) || len(contents(t, b.dir)) != 1 {
			t.Errorf("beyond MaxMessages: %v", err)
		}
		b.mustPut("m1", "ann@mail.test")
		b.close()
	})
}

func row15(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		b, disk := openFlaky(t, outbox.Config{}, s)
		disk.set(always("write mark", syscall.ENOSPC))
		b.mustPut("m1", "ann@mail.test")
		wait(time.Hour)
		if s.said(".") > 0 || s.said("DATA") < 2 || b.Stats().Waiting != 1 {
			t.Errorf("without space for the mark: %d dots, %d DATA, %+v", s.said("."), s.said("DATA"), b.Stats())
		}
		disk.set(always("write state", syscall.ENOSPC))
		wait(2 * time.Hour)
		if stats := b.Stats(); s.total() != 1 || stats.Unsaved != 1 || stats.Untold != 1 || b.told() != "" {
			t.Errorf("without space for the result: %+v, %s", stats, b.told())
		}
		copied := b.dir + "-copy"
		if err := os.CopyFS(copied, os.DirFS(b.dir)); err != nil {
			t.Error(err)
		}
		private(t, copied)
		disk.set(nil)
		b.drain()
		b.expect("m1 ann@mail.test: accepted")
		b.close()
		killed := open(t, copied, outbox.Config{}, s)
		killed.drain()
		killed.expect("m1 ann@mail.test: doubt")
		killed.close()
		expectTaken(t, s, "m1 ann@mail.test")
	})
}

// A disk fails once, or from some call on, at each call of a run in which messages are
// put, delivered and told and the journal is written anew. Afterwards every message
// that was acknowledged was taken once, or is in doubt.
func TestFaultEverywhere(t *testing.T) {
	runs, doubts := 0, 0
	for _, lasting := range []bool{false, true} {
		for _, cause := range []error{syscall.EIO, syscall.ENOSPC} {
			for n, more := 1, true; more; n++ {
				d, met := faultAt(t, n, lasting, cause)
				doubts, more = doubts+d, met
				runs++
			}
		}
	}
	t.Logf("%d runs; %d messages in doubt", runs, doubts)
}

func faultAt(t *testing.T, n int, lasting bool, cause error) (doubts int, met bool) {
	synctest.Test(t, func(t *testing.T) {
		name := fmt.Sprintf("call %d fails (%v), for ever: %v", n, cause, lasting)
		s, disk := newServer(), &flaky{}
		b := prepare(t, newDir(t), outbox.Config{}, s)
		disk.set(func(call string) error {
			if call != "read" && disk.n == n || call != "read" && lasting && disk.n > n {
				met = true
				return cause
			}
			return nil
		})
		acknowledged := map[string]bool{}
		o, err := outbox.OpenWith(t.Context(), b.dir, b.cfg, disk.calls())
		if err == nil {
			b.Outbox = o
			o.SetSlack(1)
			for i := range 4 {
				id := fmt.Sprint("m", i+1)
				acknowledged[id] = b.put(id, "ann@mail.test") == nil
			}
			wait(time.Hour)
			b.Close(t.Context())
		} else {
			b.cfg.Relays[0].Close(t.Context())
		}
		again := open(t, b.dir, outbox.Config{}, s)
		again.drain()
		if list := again.Damaged(); len(list) > 0 {
			t.Errorf("%s: %v", name, list)
		}
		doubtful := again.inDoubt()
		doubts = len(doubtful)
		for i := range 4 {
			id := fmt.Sprint("m", i+1)
			if times := s.taken()[id+" ann@mail.test"]; times > 1 || times == 0 && acknowledged[id] && !doubtful[id] {
				t.Errorf("%s: %s was taken %d times, acknowledged %v, in doubt %v", name, id, times, acknowledged[id], doubtful[id])
			}
		}
		again.close()
	})
	return doubts, met
}

// damagedContent changes the content of the only message.
func damagedContent(t *testing.T, dir string, change func(path string) error) {
	t.Helper()
	names := contents(t, dir)
	if len(names) != 1 {
		t.Fatalf("contents: %v", names)
	}
	if err := change(filepath.Join(dir, "content", names[0])); err != nil {
		t.Fatal(err)
	}
}

// overwrite changes a file in one write, so that it never has another length in between.
func overwrite(path string, at int64, with string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(with), at)
	return errors.Join(err, f.Close())
}

func row18(t *testing.T) {
	for name, change := range map[string]func(string) error{
		"missing": os.Remove,
		"shorter": func(path string) error { return os.Truncate(path, 10) },
		"longer":  func(path string) error { return overwrite(path, 28, "x\r\n") },
		"changed": func(path string) error { return overwrite(path, 17, "a") },
		"exposed": func(path string) error { return os.Chmod(path, 0o644) },
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer()
			s.setDown(errRefused)
			b := open(t, newDir(t), outbox.Config{}, s)
			b.mustPut("m1", "ann@mail.test")
			synctest.Wait() // for the first attempt
			damagedContent(t, b.dir, change)
			b.mustPut("m2", "ann@mail.test")
			wait(time.Second)
			s.setDown(nil)
			b.drain()
			expectTaken(t, s, "m2 ann@mail.test")
			for _, r := range b.results {
				var damaged *outbox.DamagedError
				if (r.ID == "m1") != (errors.As(r.Err, &damaged) && damaged.ID == "m1") {
					t.Errorf("%s: %+v", name, r)
				}
			}
			aside, _ := os.ReadDir(filepath.Join(b.dir, "damaged"))
			if len(b.results) != 2 || (len(aside) == 1) != (name != "missing") || len(contents(t, b.dir)) > 0 {
				t.Errorf("%s: %d results, set aside %v", name, len(b.results), aside)
			}
			b.close()
		})
	}
}

// The message is large, so that a part of it was sent when the disk fails.
func row16(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.setDown(errRefused)
		b, disk := openFlaky(t, outbox.Config{Workers: 1}, s)
		e, _ := mail("m1", "ann@mail.test")
		text := "Subject: m1\r\n\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 3000)
		if err := b.Put(context.Background(), "m1", e, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		b.mustPut("m2", "ann@mail.test")
		wait(time.Second)
		reads := 0
		disk.set(func(call string) error {
			if call == "read" && s.said("DATA") == 1 && s.said("MAIL") == 1 {
				if reads++; reads == 2 {
					return syscall.EIO
				}
			}
			return nil
		})
		s.setDown(nil)
		b.drain()
		expectTaken(t, s, "m2 ann@mail.test")
		for _, r := range b.results {
			var damaged *outbox.DamagedError
			if (r.ID == "m1") != (errors.As(r.Err, &damaged) && strings.Contains(r.Err.Error(), syscall.EIO.Error())) {
				t.Errorf("%+v", r)
			}
		}
		if len(b.results) != 2 || reads < 2 || b.Stats().Relays[0].NotSent == 0 {
			t.Errorf("%d results, %d reads", len(b.results), reads)
		}
		b.close()
	})
}
