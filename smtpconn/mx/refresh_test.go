package mx_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/internal/test/heap"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// told is what Config.Fetched was told.
type told struct {
	mu    sync.Mutex
	lines []string
}

func (f *told) fetched(domain string, p *mx.Policy, err error) {
	line := fmt.Sprint(domain, " ", p != nil, " ", err == nil)
	if p != nil {
		p.Mode = mx.None // which is the program's own copy
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, line)
}

func (f *told) take() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := strings.Join(f.lines, "\n")
	f.lines = nil
	return all
}

// A policy of a domain without mail counts on as long as Refresh can fetch it, also in a
// process that has not seen the domain yet, and failures are told long before it ends.
func TestRefresh(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var f told
		w.cfg.Policies, w.cfg.Fetched = mx.PolicyDir(dir), f.fetched
		w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101")
		w.sts("d.example", "1", enforce("a.example"))
		w.looks("d.example", "a.example"+byName)
		refresh := func(want string) {
			t.Helper()
			if err := w.sender().Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if got := f.take(); got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		}
		synctest.Wait()
		f.take()
		refresh("") // it is not old
		for range 30 {
			time.Sleep(25 * time.Hour)
			refresh("d.example true true")
		}
		w.Names.Fail("mta-sts.d.example *", "SERVFAIL")
		time.Sleep(3 * 24 * time.Hour)
		refresh("d.example true false")
		w.Names.Fail("_mta-sts.d.example TXT", "SERVFAIL")
		time.Sleep(3 * 24 * time.Hour)
		refresh("d.example true false")
		w.looks("d.example", "a.example"+byName)
		time.Sleep(25 * time.Hour) // a week after the last fetch
		refresh("")
		w.looks("d.example", "a.example"+may)
		w.cfg.Policies = mx.PolicyDir(dir + "/gone")
		if err := w.sender().Refresh(t.Context()); err == nil {
			t.Error("a store that is gone has no error")
		}
		synctest.Wait()
	})
}

// A record that is gone is no reason to fetch, and takes back nothing.
func TestRefreshWithoutRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var f told
		w.cfg.Fetched = f.fetched
		w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101")
		w.sts("d.example", "1", enforce("a.example"))
		s := w.sender()
		s.Look(t.Context(), "d.example")
		synctest.Wait()
		f.take()
		w.Names.Remove("_mta-sts.d.example")
		time.Sleep(25 * time.Hour)
		if err := s.Refresh(t.Context()); err != nil || f.take() != "" {
			t.Errorf("fetched without a record, or %v", err)
		}
		if r, err := s.Look(t.Context(), "d.example"); show(r, err) != "a.example"+byName {
			t.Error(show(r, err))
		}
	})
}

// Many policies are refreshed side by side, but not all at once; a context ends it.
func TestRefreshMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		s := w.sender()
		var now, most, all atomic.Int32
		w.Names.Add(`wild.example TXT "v=STSv1; id=1"`)
		for i := range 200 {
			w.Names.Add(fmt.Sprintf("_mta-sts.d%d.example CNAME wild.example", i))
		}
		mx.SetFetch(s, func(ctx context.Context, domain string) (*mx.Policy, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			all.Add(1)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			return &mx.Policy{Mode: mx.Enforce, MX: []string{"a.example"}, MaxAge: 30 * 24 * time.Hour}, nil
		})
		var group sync.WaitGroup
		for i := range 200 {
			group.Go(func() { mx.GetPolicy(t.Context(), s, fmt.Sprintf("d%d.example", i), "1") })
		}
		group.Wait()
		synctest.Wait()
		time.Sleep(25 * time.Hour)
		most.Store(0)
		all.Store(0)
		if err := s.Refresh(t.Context()); err != nil || all.Load() != 200 || most.Load() > 16 || most.Load() < 2 {
			t.Errorf("%d fetched, %d at once, %v", all.Load(), most.Load(), err)
		}
		time.Sleep(25 * time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := s.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 1500*time.Millisecond {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// However many domains there are, memory is bounded. With a store nothing is lost by it.
func TestPoliciesAreBounded(t *testing.T) {
	many := 40_000
	if os.Getenv("MAILCONN_FULL") != "" {
		many = 100_000
	}
	for name, c := range map[string]struct {
		domains, patterns int
	}{
		"many domains":   {many, 1},
		"large policies": {1_000, 256},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.sender()
			mx.SetFetch(s, func(_ context.Context, domain string) (*mx.Policy, error) {
				p := &mx.Policy{Mode: mx.Enforce, MaxAge: time.Hour}
				if strings.HasPrefix(domain, "x") {
					return nil, errors.New("no policy")
				}
				for range c.patterns {
					p.MX = append(p.MX, strings.Repeat("d", 250))
				}
				return p, nil
			})
			before := heap.InUse()
			for i := range c.domains {
				mx.GetPolicy(t.Context(), s, fmt.Sprintf("d%d.example", i), "1")
				if i%10 == 0 {
					mx.GetPolicy(t.Context(), s, fmt.Sprintf("x%d.example", i), "1")
				}
			}
			domains, size := mx.Kept(s)
			if grown := heap.InUse() - before; size > mx.MaxKept || size < mx.MaxKept/2 || grown > 2*mx.MaxKept {
				t.Errorf("%d domains of %d bytes, %d KiB more", domains, size, grown>>10)
			}
			last := fmt.Sprintf("d%d.example", c.domains-1)
			if p, err := mx.GetPolicy(t.Context(), s, last, "1"); p == nil || err != nil {
				t.Errorf("the last one: %v", err)
			}
			s.Close(context.Background())
		})
	}
}

// What a domain or a policy host has sent is not kept beyond what counts of it: neither the
// rest of a record or a document, nor what is in an error.
func TestKeptIsSmall(t *testing.T) {
	const many, rest = 200, 60_000
	w := newWorld(t)
	s := w.sender()
	mx.SetFetch(s, func(_ context.Context, domain string) (*mx.Policy, error) {
		return nil, fmt.Errorf("status %s", strings.Repeat("5", rest))
	})
	var kept []any
	before := heap.InUse()
	for i := range many {
		filler := strings.Repeat("x", rest)
		kept = append(kept, mx.PolicyID([]string{fmt.Sprintf("v=STSv1; id=%d; x=%s", i, filler)}))
		doc := enforce(fmt.Sprintf("h%d.example", i), "*.example") + "x: " + filler + "\n"
		p, err := mx.ParsePolicy(doc)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := mx.ParseStored("id: 1\nfetched: 2026-01-01T00:00:00Z\n" + doc)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, p, stored)
		mx.GetPolicy(t.Context(), s, fmt.Sprintf("d%d.example", i), "1")
	}
	if grown := heap.InUse() - before; grown > 4*many*rest/10 {
		t.Errorf("%d KiB are kept of %d KiB", grown>>10, 4*many*rest>>10)
	}
	runtime.KeepAlive(kept)
	if _, err := mx.GetPolicy(t.Context(), s, "d0.example", "1"); err == nil || !strings.Contains(err.Error(), "status 555") {
		t.Errorf("%v", err)
	}
}

// A policy host that is silent holds up no message for ever, however short their contexts
// are: the fetch goes on, and when it has failed that is known. There are eight such fetches
// at most. Any other ends with its last call, and the next call gets one of its own.
func TestFetchGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t).sender()
		answers := false
		mx.SetFetch(s, func(ctx context.Context, domain string) (*mx.Policy, error) {
			if !answers {
				<-ctx.Done()
				time.Sleep(time.Second)
				return nil, ctx.Err()
			}
			return &mx.Policy{Mode: mx.Enforce, MX: []string{"a.example"}, MaxAge: time.Hour}, nil
		})
		get := func(i int, patience time.Duration) (*mx.Policy, error) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			return mx.GetPolicy(ctx, s, fmt.Sprintf("d%d.example", i), "1")
		}
		for i := range 9 {
			if _, err := get(i, time.Second); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		synctest.Wait() // all fetches have begun
		answers = true
		if p, err := get(8, time.Hour); p == nil || err != nil {
			t.Errorf("without a slot: %v, %v", p, err)
		}
		time.Sleep(time.Minute)
		for i := range 9 {
			p, err := get(i, time.Hour)
			if silent := i < 8; silent != (p == nil) || silent != (err != nil && strings.Contains(err.Error(), "not tried again")) {
				t.Errorf("%d: %v, %v", i, p, err)
			}
		}
		time.Sleep(5 * time.Minute)
		if p, err := get(0, time.Hour); p == nil || err != nil {
			t.Errorf("later: %v, %v", p, err)
		}
	})
}

// What is dropped while it is fetched is not counted when the fetch ends.
func TestFetchDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newWorld(t).sender()
		mx.SetFetch(s, func(ctx context.Context, domain string) (*mx.Policy, error) {
			if strings.HasPrefix(domain, "slow") {
				<-ctx.Done()
				time.Sleep(time.Second) // and succeeds when others have taken its place
				return &mx.Policy{Mode: mx.Testing, MX: []string{"a.example"}, MaxAge: time.Hour}, nil
			}
			return &mx.Policy{Mode: mx.None, MaxAge: time.Hour}, nil
		})
		for i := range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			mx.GetPolicy(ctx, s, fmt.Sprintf("slow%d.example", i), "1")
			cancel()
		}
		for i := range mx.MaxKept>>10 + 10 { // which leaves no room for the slow
			mx.GetPolicy(t.Context(), s, fmt.Sprintf("d%d.example", i), "1")
		}
		time.Sleep(time.Minute)
		domains, size := mx.Kept(s)
		if size != domains<<10 {
			t.Errorf("%d domains of %d bytes", domains, size)
		}
	})
}

// Close waits for calls, and later ones fail: they must not go on without policies.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101")
		doc := enforce("a.example")
		w.Names.Add(`_mta-sts.d.example TXT "v=STSv1; id=1"`)
		w.Site("mta-sts.d.example", func(rw http.ResponseWriter, r *http.Request) {
			time.Sleep(10 * time.Second)
			document(&doc)(rw, r)
		})
		for wait, want := range map[time.Duration]string{time.Minute: "a.example" + byName, time.Second: "4.3.0"} {
			s := w.sender()
			looked := make(chan string, 1)
			go func() {
				r, err := s.Look(t.Context(), "d.example")
				looked <- show(r, err)
			}()
			time.Sleep(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			err := s.Close(ctx)
			cancel()
			if in := wait == time.Minute; (err == nil) != in {
				t.Errorf("Close within %v: %v", wait, err)
			}
			if got := <-looked; got != want {
				t.Errorf("Close within %v: %s, want %s", wait, got, want)
			}
			if _, err := s.Look(t.Context(), "d.example"); !errors.Is(err, mx.ErrClosed) {
				t.Error(err)
			}
			_, err = s.Send(t.Context(), smtpconn.Envelope{To: []string{"u@d.example"}}, strings.NewReader(text))
			if !errors.Is(err, mx.ErrClosed) || !errors.Is(err, smtpconn.NotSent) {
				t.Error(err)
			}
			if err := s.Refresh(t.Context()); !errors.Is(err, mx.ErrClosed) {
				t.Error(err)
			}
			if err := s.Close(t.Context()); err != nil {
				t.Errorf("the second Close: %v", err)
			}
		}
		synctest.Wait()
		if open := w.Open(); open != 0 {
			t.Errorf("%d connections are left", open)
		}
	})
}
