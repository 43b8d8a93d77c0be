package mx_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn/mx"
)

// flaky is a store that fails.
type flaky struct {
	mx.PolicyDir
	load, save atomic.Bool // which fail
}

func (f *flaky) Load(ctx context.Context, domain string) ([]byte, error) {
	if f.load.Load() {
		return nil, os.ErrPermission
	}
	return f.PolicyDir.Load(ctx, domain)
}

func (f *flaky) Save(ctx context.Context, domain string, policy []byte) error {
	if f.save.Load() {
		return os.ErrPermission
	}
	return f.PolicyDir.Save(ctx, domain, policy)
}

// lookAt is world.looks with one Sender for several calls.
func (w *world) lookAt(s *mx.Sender, want string) {
	w.t.Helper()
	r, err := s.Look(w.t.Context(), "d.example")
	if got := show(r, err); got != want {
		w.t.Errorf("got %s, want %s", got, want)
	}
}

// A store that cannot be read holds mail back at every message, not only at the first, until
// it can be read again, or until there is a fresh policy.
func TestStoreUnreadable(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		store := &flaky{PolicyDir: mx.PolicyDir(dir)}
		w.cfg.Policies = store
		w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101")
		w.sts("d.example", "1", enforce("a.example"))
		w.lookAt(w.sender(), "a.example"+byName)
		w.Names.Fail("mta-sts.d.example *", "SERVFAIL")
		w.Names.Remove("_mta-sts.d.example")
		w.Names.Add(`_mta-sts.d.example TXT "v=STSv1; id=2;"`)
		store.load.Store(true)
		s := w.sender()
		for range 5 {
			w.lookAt(s, "4.3.0")
			time.Sleep(2 * time.Minute)
		}
		store.load.Store(false)
		w.lookAt(s, "a.example"+byName)
		store.load.Store(true) // which is not asked any more
		w.lookAt(s, "a.example"+byName)
	})
}

// A policy that makes room for others in memory between two questions about it is read from
// the store again, also if nothing newer can be had.
func TestStoreAfterEviction(t *testing.T) {
	w := newWorld(t)
	w.cfg.Policies = mx.PolicyDir(t.TempDir())
	w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101")
	w.sts("d.example", "1", enforce("a.example"))
	w.lookAt(w.sender(), "a.example"+byName)
	w.Names.Remove("_mta-sts.d.example")
	w.Names.Add(`_mta-sts.d.example TXT "v=STSv1; id=2;"`)
	full := make([]string, 256)
	for i := range full {
		full[i] = strings.Repeat("x", 250)
	}
	var questions atomic.Int32
	var s *mx.Sender
	w.cfg.Policies = &flaky{PolicyDir: w.cfg.Policies.(mx.PolicyDir)}
	w.cfg.Policies.(*flaky).save.Store(true) // not even those that fill the memory
	dial := w.cfg.Resolver.Dial
	w.cfg.Resolver.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if questions.Add(1) == 2 { // for the record of the policy, behind that for the hosts
			for i := range mx.MaxKept/(256*266) + 2 {
				mx.GetPolicy(t.Context(), s, fmt.Sprintf("f%d.example", i), "1")
			}
		}
		return dial(ctx, network, address)
	}
	s = w.sender()
	mx.SetFetch(s, func(_ context.Context, domain string) (*mx.Policy, error) {
		if domain == "d.example" {
			return nil, errors.New("blocked")
		}
		return &mx.Policy{Mode: mx.Enforce, MX: full, MaxAge: time.Hour}, nil
	})
	for range 3 {
		w.lookAt(s, "a.example"+byName)
	}
	if n := questions.Load(); n < 6 {
		t.Errorf("%d questions", n)
	}
}

// A policy that could not be saved is saved as soon as the store takes it, and not only when
// it is a day old: it may be the last chance before an attacker comes.
func TestStoreSavesLater(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var f told
		store := &flaky{PolicyDir: mx.PolicyDir(dir)}
		w.cfg.Policies, w.cfg.Fetched = store, f.fetched
		w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101")
		w.sts("d.example", "1", enforce("a.example"))
		store.save.Store(true)
		s := w.sender()
		for _, step := range []struct {
			after time.Duration
			told  string
		}{{0, "d.example true false"}, {4 * time.Minute, ""}, {time.Minute, "d.example true false"}} {
			time.Sleep(step.after)
			w.lookAt(s, "a.example"+byName)
			synctest.Wait()
			if got := f.take(); got != step.told {
				t.Errorf("after %v: told %q, want %q", step.after, got, step.told)
			}
		}
		store.save.Store(false)
		err := s.Refresh(t.Context())
		synctest.Wait()
		if got := f.take(); err != nil || got != "d.example true true" {
			t.Errorf("refreshed: %v, told %q", err, got)
		}
		w.Names.Fail("_mta-sts.d.example TXT", "SERVFAIL")
		w.lookAt(w.sender(), "a.example"+byName)
	})
}
