package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// stores are the kinds of Store. Each call of open returns one that has the same values.
var stores = map[string]func(t testing.TB) (open func() oauth.Store){
	"memory": func(testing.TB) func() oauth.Store {
		s := new(oauth.MemoryStore)
		return func() oauth.Store { return s }
	},
	"file": func(t testing.TB) func() oauth.Store {
		dir := privateDir(t)
		return func() oauth.Store { return fileStore(t, dir) }
	},
}

// privateDir returns a directory that a FileStore takes, whatever the umask.
func privateDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func fileStore(t testing.TB, dir string) *oauth.FileStore {
	t.Helper()
	s, err := oauth.NewFileStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// eachStore runs a test on every kind of Store.
func eachStore(t *testing.T, f func(t *testing.T, open func() oauth.Store)) {
	for name, kind := range stores {
		t.Run(name, func(t *testing.T) { f(t, kind(t)) })
	}
}

// put saves a value.
func put(t testing.TB, s oauth.Store, key, value string) {
	t.Helper()
	if err := s.Update(t.Context(), key, func([]byte) ([]byte, error) { return []byte(value), nil }); err != nil {
		t.Error(err)
	}
}

// get returns a value, "<nil>" for none.
func get(t testing.TB, s oauth.Store, key string) string {
	t.Helper()
	value, err := s.Load(t.Context(), key)
	if err != nil {
		t.Error(err)
	}
	if value == nil {
		return "<nil>"
	}
	return string(value)
}

var errChange = errors.New("no change")

func TestStore(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() oauth.Store) {
		a, b := open(), open()
		if got := get(t, a, "k"); got != "<nil>" {
			t.Errorf("at first %q", got)
		}
		put(t, a, "k", "one")
		put(t, a, "K", "another")
		put(t, b, "k", "one")
		if got := get(t, b, "k") + get(t, b, "K"); got != "oneanother" {
			t.Errorf("after Update %q", got)
		}
		err := b.Update(t.Context(), "k", func(old []byte) ([]byte, error) {
			if string(old) != "one" {
				t.Errorf("Update gives %q", old)
			}
			return []byte("two"), errChange
		})
		if got := get(t, a, "k"); err != errChange || got != "one" {
			t.Errorf("Update without a change: %v, %q", err, got)
		}
		for range 2 {
			if err := b.Update(t.Context(), "k", func([]byte) ([]byte, error) { return nil, nil }); err != nil {
				t.Error(err)
			}
		}
		if got := get(t, a, "k") + get(t, a, "K"); got != "<nil>another" {
			t.Errorf("removed: %q", got)
		}
	})
}

// No two Updates of a key run at the same time, and one key does not wait for another.
func TestStoreUpdatesInTurn(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() oauth.Store) {
		var wg sync.WaitGroup
		var running atomic.Int32
		for i := range 50 {
			wg.Go(func() {
				err := open().Update(t.Context(), "k", func(old []byte) ([]byte, error) {
					if running.Add(1) != 1 {
						t.Error("two at once")
					}
					defer running.Add(-1)
					runtime.Gosched()
					if i == 25 {
						put(t, open(), "other", "x")
					}
					return append(old[:len(old):len(old)], 'x'), nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := get(t, open(), "k"); len(got) != 50 {
			t.Errorf("%d of 50 changes", len(got))
		}
	})
}

// The wait for another Update ends with the context. Load does not wait.
func TestStoreIsBusy(t *testing.T) {
	eachStore(t, func(t *testing.T, open func() oauth.Store) {
		synctest.Test(t, func(t *testing.T) {
			s := open()
			put(t, s, "k", "one")
			err := s.Update(t.Context(), "k", func([]byte) ([]byte, error) {
				why := errors.New("that took too long")
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, why)
				defer cancel()
				begin := time.Now()
				err := open().Update(ctx, "k", func([]byte) ([]byte, error) { return nil, errors.New("two at once") })
				if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, why) || time.Since(begin) != time.Minute {
					t.Errorf("after %v: %v", time.Since(begin), err)
				}
				if got := get(t, open(), "k"); got != "one" {
					t.Errorf("Load during Update: %q", got)
				}
				return []byte("two"), nil
			})
			if got := get(t, s, "k"); err != nil || got != "two" {
				t.Errorf("%v, %q", err, got)
			}
		})
	})
}

// A MemoryStore that is printed shows no tokens.
func ExampleMemoryStore() {
	s := new(oauth.MemoryStore)
	fmt.Printf("%v %+v %#v\n", s, s, s)
	// Output: oauth.MemoryStore oauth.MemoryStore oauth.MemoryStore
}
