package filestore_test

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/filestore"
	"github.com/mailconn/mailconn/internal/disk"
)

// A Store sees what another has written, also after the file was written anew, and
// records of the same server are merged.
func TestTwoStores(t *testing.T) {
	path := newPath(t)
	a, b := open(t, path), open(t, path)
	for i, slack := range []int{100, 100, -100, 100, -100, -100, 100} {
		a.SetSlack(slack)
		old, seen := record(i), record(i)
		old.Version, old.Mechanisms = tls.VersionTLS12, peers.MechanismSet("OAUTHBEARER")
		remember(t, a, peer(i), old)
		remember(t, b, peer(i), seen)
		for _, s := range []*filestore.Store{a, b} {
			if got, err := s.Recall(t.Context(), peer(i)); err != nil || got == nil || *got != old.Merge(seen) {
				t.Errorf("round %d: %+v, %v", i, got, err)
			}
		}
	}
	if err := a.Forget(t.Context(), peer(0)); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Recall(t.Context(), peer(0)); err != nil || got != nil {
		t.Errorf("forgotten by another: %+v, %v", got, err)
	}
	if !maps.Equal(all(t, a), all(t, b)) || len(all(t, b)) != 6 {
		t.Errorf("one has %v, another %v", all(t, a), all(t, b))
	}
}

// Several goroutines and Stores at once lose nothing. The race detector needs this.
func TestManyAtOnce(t *testing.T) {
	path := newPath(t)
	stores := []*filestore.Store{open(t, path), open(t, path), open(t, path)}
	for _, s := range stores {
		s.SetSlack(5)
	}
	var wg sync.WaitGroup
	for w := range 6 {
		s := stores[w%3]
		wg.Go(func() {
			for i := range 20 {
				r := record(i)
				r.Mechanisms = 1 << w
				if err := s.Remember(t.Context(), peer(i%4), r); err != nil {
					t.Error(err)
				}
				if got, err := s.Recall(t.Context(), peer(i%4)); err != nil || got == nil || got.Mechanisms&r.Mechanisms == 0 {
					t.Errorf("acknowledged, and not there: %+v, %v", got, err)
				}
				if _, err := list(t.Context(), s); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for p, r := range all(t, stores[0]) {
		if r.Mechanisms != 1<<6-1 {
			t.Errorf("%v: %+v", p, r)
		}
	}
}

// The wait for the lock file and for another goroutine ends with the context. Recall
// does not wait for a writer that waits for the lock file.
func TestBusy(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	remember(t, s, peer(1), record(1))
	for _, name := range []string{path + ".lock", path + "-new.lock"} {
		unlock, err := disk.Lock(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		defer unlock()
	}
	synctest.Test(t, func(t *testing.T) {
		s, err := filestore.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		why := errors.New("that took too long")
		var wg sync.WaitGroup
		within := func(limit time.Duration, f func(context.Context) error) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), limit, why)
			begin := time.Now()
			wg.Go(func() {
				defer cancel()
				err := f(ctx)
				if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, why) || time.Since(begin) != limit {
					t.Errorf("after %v of %v: %v", time.Since(begin), limit, err)
				}
			})
			synctest.Wait()
		}
		within(time.Minute, func(ctx context.Context) error { return s.Remember(ctx, peer(1), record(2)) }) // for the lock file
		within(time.Second, func(ctx context.Context) error { return s.Forget(ctx, peer(1)) })              // for the other writer
		within(time.Second, func(ctx context.Context) error { _, err := filestore.Open(ctx, path+"-new"); return err })
		r, begin := record(3), time.Now()
		overwrite(t, path, append([]byte(contents(t, path)), filestore.Line(peer(3), &r)...))
		if got, err := s.Recall(t.Context(), peer(3)); err != nil || got == nil || time.Since(begin) > 0 {
			t.Errorf("recall of what was added, after %v: %v, %v", time.Since(begin), got, err)
		}
		wg.Wait()
	})
}

// A Store that waits for the lock gets it once it is free.
func TestLockIsPassedOn(t *testing.T) {
	path := newPath(t)
	open(t, path)
	synctest.Test(t, func(t *testing.T) {
		s, err := filestore.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		unlock, err := disk.Lock(t.Context(), path+".lock")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- s.Remember(t.Context(), peer(1), record(1)) }()
		time.Sleep(time.Minute)
		select {
		case err := <-done:
			t.Fatalf("written in spite of the lock: %v", err)
		default:
		}
		begin := time.Now()
		unlock()
		if err := <-done; err != nil || time.Since(begin) > time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}

// The beginning of a line is no error. It is ignored, and removed by the next writer.
func TestStoppedInWriting(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	remember(t, s, peer(1), record(1))
	good, r := contents(t, path), record(9)
	for _, rest := range []string{"{", string(filestore.Line(peer(1), &r)[:300]), "\x00\x00\x00", strings.Repeat("{", 2000)} {
		overwrite(t, path, []byte(good+rest))
		for range 2 {
			if got, err := s.Recall(t.Context(), peer(1)); err != nil || *got != record(1) {
				t.Errorf("%.9q: %+v, %v", rest, got, err)
			}
		}
	}
	remember(t, s, peer(2), record(2))
	r = record(2)
	if now := contents(t, path); now != good+string(filestore.Line(peer(2), &r)) {
		t.Errorf("the file has\n%s", now)
	}
}

// A change is seen even if the time of the file is the same, and if it replaces the
// beginning of a line of the same length.
func TestSameTime(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	remember(t, s, peer(1), record(1))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	text, r := contents(t, path), record(2)
	line := string(filestore.Line(peer(2), &r))
	for _, c := range []struct {
		added string
		known bool
	}{{strings.Repeat("{", len(line)), false}, {line, true}, {line + string(filestore.Line(peer(2), nil)), false}} {
		overwrite(t, path, []byte(text+c.added))
		if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Recall(t.Context(), peer(2)); err != nil || (got != nil) != c.known {
			t.Errorf("with %.9q: %+v, %v", c.added, got, err)
		}
	}
}

// Stores that open a file by different links use the same file and the same lock.
func TestSymlink(t *testing.T) {
	path := newPath(t)
	link := filepath.Join(t.TempDir(), "link")
	a := open(t, path)
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	b := open(t, link)
	b.SetSlack(-100)
	remember(t, b, peer(1), record(1))
	remember(t, a, peer(2), record(2))
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(link + ".*"); left != nil || len(all(t, b)) != 2 {
		t.Errorf("%q, %v", left, all(t, b))
	}
}
