package filestore_test

import (
	"errors"
	"io"
	"maps"
	"os"
	"strings"
	"syscall"
	"testing"
)

// Remember and Forget return after what they wrote was synced, and not before.
func TestSynced(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	var synced []string // the text of the file at each sync
	s.OnSync(func(f *os.File) error {
		text, err := os.ReadFile(f.Name())
		synced = append(synced, string(text))
		return errors.Join(err, f.Sync())
	})
	dirs := 0
	s.OnSyncDir(func(string) error { dirs++; return nil })
	for i, slack := range []int{100, -100} {
		s.SetSlack(slack)
		for _, f := range []func() error{
			func() error { return s.Remember(t.Context(), peer(1), record(1)) },
			func() error { return s.Forget(t.Context(), peer(1)) },
		} {
			synced, dirs = nil, 0
			if err := f(); err != nil {
				t.Fatal(err)
			}
			if now := contents(t, path); len(synced) != 1+i || synced[i] != now || dirs != i {
				t.Errorf("synced %q, and %d directories, for\n%s", synced, dirs, now)
			}
		}
	}
}

// After a sync that failed nothing is acknowledged before the file was written anew.
func TestSyncFails(t *testing.T) {
	path := newPath(t)
	s, other := open(t, path), open(t, path)
	remember(t, s, peer(1), record(1))
	fails, calls := 1, 0
	s.OnSync(func(f *os.File) error {
		if calls++; calls <= fails {
			return syscall.EIO
		}
		return f.Sync()
	})
	generation := func() string { head, _, _ := strings.Cut(contents(t, path), "\n"); return head }
	old := generation()
	remember(t, s, peer(2), record(2)) // the journal fails, a new one does not
	if now := generation(); now == old || calls != 2 {
		t.Errorf("after %d syncs the file is %s", calls, now)
	}
	old, calls, fails = generation(), 0, 3
	for i := range 2 { // the journal and two new ones fail
		if err := s.Remember(t.Context(), peer(3), record(3+i)); !errors.Is(err, syscall.EIO) {
			t.Errorf("acknowledged: %v", err)
		}
		if a, b := all(t, s), all(t, other); !maps.Equal(a, b) {
			t.Errorf("it has %v, and the file %v", a, b)
		}
	}
	remember(t, s, peer(3), record(3))
	if now := generation(); now == old || calls != 4 {
		t.Errorf("after %d syncs the file is %s", calls, now)
	}
	remember(t, s, peer(4), record(4))
	if len(all(t, other)) != 4 || len(all(t, s)) != 4 {
		t.Errorf("%v, %v", all(t, s), all(t, other))
	}
}

// After the sync of the directory failed, the old file may be back after a power
// failure. So the new file is not written to.
func TestSyncDirFails(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	s.SetSlack(-100)
	syncs := 0
	s.OnSyncDir(func(string) error {
		if syncs++; syncs <= 2 {
			return syscall.EIO
		}
		return nil
	})
	remember(t, s, peer(1), record(1)) // is in the old file too
	s.SetSlack(100)
	if err := s.Remember(t.Context(), peer(2), record(2)); !errors.Is(err, syscall.EIO) {
		t.Errorf("acknowledged: %v", err)
	}
	remember(t, s, peer(3), record(3))
	remember(t, s, peer(4), record(4))
	if len(all(t, open(t, path))) != 4 || syncs != 3 {
		t.Errorf("%v, with %d syncs", all(t, s), syncs)
	}
}

// A write that fails at any byte leaves the file unchanged.
func TestWriteFails(t *testing.T) {
	path := newPath(t)
	s, other := open(t, path), open(t, path)
	remember(t, s, peer(1), record(1))
	good := contents(t, path)
	for n := range 300 {
		s.OnWrite(func(f *os.File, b []byte, at int64) (int, error) {
			n, err := f.WriteAt(b[:n], at)
			return n, errors.Join(err, io.ErrShortWrite)
		})
		if err := s.Remember(t.Context(), peer(1), record(2)); !errors.Is(err, io.ErrShortWrite) {
			t.Fatalf("acknowledged: %v", err)
		}
		if now := contents(t, path); now != good {
			t.Fatalf("after %d bytes the file is\n%s", n, now)
		}
	}
	if got, err := s.Recall(t.Context(), peer(1)); err != nil || *got != record(1) {
		t.Errorf("got %+v, %v", got, err)
	}
	s.OnWrite((*os.File).WriteAt)
	remember(t, s, peer(1), record(2))
	if got, err := other.Recall(t.Context(), peer(1)); err != nil || *got != record(1).Merge(record(2)) {
		t.Errorf("another has %+v, %v", got, err)
	}
}

// If the file cannot be written anew, changes are still appended and acknowledged, and
// it is not tried again each time.
func TestCompactionFails(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	s.SetSlack(2)
	tries := 0
	s.OnSync(func(f *os.File) error {
		if strings.HasSuffix(f.Name(), ".new") {
			tries++
			return syscall.ENOSPC
		}
		return nil
	})
	for i := range 20 {
		remember(t, s, peer(1), record(i))
	}
	if got, err := open(t, path).Recall(t.Context(), peer(1)); err != nil || !got.LastSeen.Equal(record(19).LastSeen) {
		t.Errorf("got %+v, %v", got, err)
	}
	if n := strings.Count(contents(t, path), "\n"); n != 21 || tries != 2 {
		t.Errorf("%d lines, after %d tries", n, tries)
	}
}
