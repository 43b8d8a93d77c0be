package mx_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/smtpconn/mx"
)

// A policy that was once kept binds every message until it ends, whatever fails, hangs or is
// given up meanwhile: the DNS, the policy host, the store, and other calls for the domain.
func TestPolicyChaos(t *testing.T) {
	messages, seed := chaosSize()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(seed, 0))
		w := newWorld(t)
		store := &flaky{PolicyDir: mx.PolicyDir(dir)}
		w.cfg.Policies = store
		domain := func() string { return fmt.Sprintf("d%d.example", r.IntN(4)) }
		for i := range 4 {
			d := fmt.Sprintf("d%d.example", i)
			w.Names.Add(d+" MX 10 a.example", `_mta-sts.`+d+` TXT "v=STSv1; id=1;"`)
			p := mx.Policy{ID: "1", Mode: mx.Enforce, MX: []string{"a.example"}, MaxAge: 365 * 24 * time.Hour, Fetched: time.Now()}
			if err := store.Save(t.Context(), d, mx.PolicyText(&p)); err != nil {
				t.Fatal(err)
			}
		}
		w.Names.Add("a.example A 192.0.2.101")
		var mu sync.Mutex // of r, and of what was seen
		seen := map[string]int{}
		chance := func(of int) bool { mu.Lock(); defer mu.Unlock(); return r.IntN(of) == 0 }
		fetch := func(ctx context.Context, _ string) (*mx.Policy, error) {
			switch {
			case chance(3):
				<-ctx.Done()
				return nil, ctx.Err()
			case chance(2):
				return nil, errors.New("status 500")
			}
			return &mx.Policy{Mode: mx.Enforce, MX: []string{"a.example"}, MaxAge: 365 * 24 * time.Hour}, nil
		}
		s := w.sender()
		mx.SetFetch(s, fetch)
		look := func(s *mx.Sender, domain string, patience time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			got := show(s.Look(ctx, domain))
			mu.Lock()
			defer mu.Unlock()
			if seen[got]++; got != "a.example"+byName && got != "a.example unused" && !strings.HasPrefix(got, "4.") {
				t.Errorf("%s: %s", domain, got)
			}
		}
		var calls sync.WaitGroup
		for range messages {
			mu.Lock()
			d, patience, pause := domain(), time.Duration(r.IntN(100))*time.Second, time.Duration(r.IntN(60))*time.Second
			store.load.Store(r.IntN(3) == 0)
			store.save.Store(r.IntN(2) == 0)
			fail, id := []string{"", "", "SERVFAIL", "silent"}[r.IntN(4)], r.IntN(3)
			mu.Unlock()
			w.Names.Fail("_mta-sts."+d+" TXT", fail)
			w.Names.Remove("_mta-sts." + d)
			w.Names.Add(fmt.Sprintf(`_mta-sts.%s TXT "v=STSv1; id=%d;"`, d, id))
			calls.Go(func() { look(s, d, patience) })
			if chance(20) {
				calls.Go(func() { s.Refresh(t.Context()) })
			}
			if chance(30) { // after a restart
				calls.Wait()
				s = w.sender()
				mx.SetFetch(s, fetch)
			}
			time.Sleep(pause)
		}
		calls.Wait()
		t.Log(seen)
	})
}
