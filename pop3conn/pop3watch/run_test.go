package pop3watch_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// outage is what Down was told.
type outage struct {
	failed *dial.Error
	at     time.Time
	next   time.Time
}

// runFor runs a watch for some time, and returns the outages.
func runFor(t *testing.T, f *fixture, d time.Duration) (downs []outage) {
	t.Helper()
	run, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	f.Down = func(failed *dial.Error, next time.Time) {
		downs = append(downs, outage{failed, time.Now(), next})
	}
	begin := time.Now()
	if err := pop3watch.Run(run, f.Config); err != nil || time.Since(begin) != d {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
	return downs
}

// distances returns how far apart the dials were, in whole seconds.
func (p *piped) distances() (list []time.Duration) {
	for i := 1; i < len(p.dials); i++ {
		list = append(list, p.dials[i].Sub(p.dials[i-1]).Round(time.Second))
	}
	return list
}

// TestEvery: a look every five minutes, or as the Config says.
func TestEvery(t *testing.T) {
	for every, want := range map[time.Duration]time.Duration{0: 5 * time.Minute, time.Minute: time.Minute, 3 * time.Hour: 3 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture()
			f.Every = every
			go func() {
				time.Sleep(want * 3 / 2)
				f.Add(mailstore.Message{ID: "a", Text: "x\r\n"})
			}()
			handled := time.Time{}
			f.Handle = func(ctx context.Context, m *pop3watch.Message) error { handled = time.Now(); return f.store(ctx, m) }
			begin := time.Now()
			if downs := runFor(t, f, want*10-1); len(downs) > 0 || f.told != 1 || handled.Sub(begin).Round(time.Second) != 2*want {
				t.Errorf("%v: handled %d after %v, %v", every, f.told, handled.Sub(begin), downs)
			}
			if got := f.net.distances(); len(got) != 9 || slices.Max(got) != want || slices.Min(got) != want {
				t.Errorf("%v: %v", every, got)
			}
		})
	}
}

// TestBackOff: tries grow rarer while there is an outage, and are never closer than
// MinDelay. Down is told when the next one is. A look that comes to its end begins anew.
func TestBackOff(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.net.fail = func(n int) error {
			if n%20 < 15 {
				return refused
			}
			return nil
		}
		downs := runFor(t, f, 10*time.Hour)
		dist, least := f.net.distances(), time.Hour
		for i, d := range downs {
			n := slices.IndexFunc(f.net.dials, func(at time.Time) bool { return !at.Before(d.next) })
			if n < 0 {
				continue
			}
			if f.net.dials[n].Sub(d.next) > time.Millisecond || d.next.Sub(d.at) < time.Second || d.next.Sub(d.at) > 5*time.Minute || !errors.Is(d.failed, refused) {
				t.Errorf("outage %d: %v at %v, next %v, dialled %v", i, d.failed, d.at, d.next, f.net.dials[n])
			}
			least = min(least, d.next.Sub(d.at))
		}
		grown := func(from int) bool { return dist[from] < 3*time.Second && dist[from+12] > 2*time.Minute }
		if len(downs) < 30 || !grown(0) || !grown(20) || dist[15] != 5*time.Minute || least > 2*time.Second {
			t.Errorf("%d outages: %v", len(downs), dist)
		}
	})
}

// TestStable: a session that has stood for a while makes the next try come soon, also
// if it ends before the look does.
func TestStable(t *testing.T) {
	for stood, soon := range map[time.Duration]bool{2 * time.Minute: true, time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(three()...)
			f.Hook = func(command string) dialtest.Rule {
				if command == "UIDL" {
					time.Sleep(stood)
					return hangUp
				}
				return dialtest.Rule{}
			}
			downs := runFor(t, f, 3*time.Hour)
			time.Sleep(stood) // the server may be in the middle of it
			last := downs[len(downs)-1]
			if got := last.next.Sub(last.at) < 3*time.Second; got != soon || last.failed.Phase != dial.PhaseSession {
				t.Errorf("stood for %v: next after %v, %v", stood, last.next.Sub(last.at), last.failed)
			}
		})
	}
}

// TestPauses: what the server says at the login decides how long to wait.
func TestPauses(t *testing.T) {
	codes := "+OK\nUSER\nUIDL\nRESP-CODES\nAUTH-RESP-CODE\n."
	for reply, tt := range map[string]struct {
		caps        string
		least, most time.Duration
	}{
		"-ERR [SYS/TEMP] later":                  {codes, time.Second, 5 * time.Minute},
		"-ERR [IN-USE] locked":                   {codes, time.Second, 5 * time.Minute},
		"-ERR [LOGIN-DELAY] too soon":            {codes, 30 * time.Minute, 30 * time.Minute},
		"-ERR [LOGIN-DELAY] too soon, wait":      {"+OK\nUSER\nLOGIN-DELAY 1200\nRESP-CODES\n.", 20 * time.Minute, 20 * time.Minute},
		"-ERR too many simultaneous connections": {"+OK\nUSER\n.", 30 * time.Minute, 30 * time.Minute},
		"-ERR login failed":                      {"+OK\nUSER\n.", 30 * time.Minute, 30 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture()
			f.Hook = answers(map[string]dialtest.Rule{"CAPA": {Reply: tt.caps}, "PASS secret": {Reply: reply}})
			downs := runFor(t, f, 3*time.Hour+time.Minute)
			for _, d := range f.net.distances() {
				if d < tt.least || d > tt.most {
					t.Errorf("%q: %v", reply, f.net.distances())
					break
				}
			}
			if len(downs) != len(f.net.dials) || len(downs) < 3 {
				t.Errorf("%q: %d outages, %d dials: %v", reply, len(downs), len(f.net.dials), downs)
			}
		})
	}
}

// TestLease: of two watches over the same notes one waits for the end of the other, or
// of its own context.
func TestLease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seen")
	synctest.Test(t, func(t *testing.T) {
		holder, waiter := newFixture(three()...), newFixture(three()...)
		holder.Seen, waiter.Seen = pop3watch.File(path), pop3watch.File(path)
		done := make(chan bool)
		go func() {
			runFor(t, holder, 90*time.Minute)
			close(done)
		}()
		synctest.Wait()
		begin := time.Now()
		runFor(t, waiter, 80*time.Minute)
		if len(waiter.net.dials) > 0 {
			t.Errorf("%d dials by the one that waits", len(waiter.net.dials))
		}
		runFor(t, waiter, 12*time.Minute)
		<-done
		if first := waiter.net.dials[0].Sub(begin).Round(time.Second); first != 90*time.Minute || waiter.told != 0 || holder.told != 3 {
			t.Errorf("the first dial is after %v; %d and %d messages", first, holder.told, waiter.told)
		}
	})
}

// TestContextEnds ends the context wherever Run is: it returns nil at once, and leaves
// nothing behind.
func TestContextEnds(t *testing.T) {
	for name, stall := range map[string]string{"greeting": "", "CAPA": "CAPA", "login": "PASS secret", "list": "UIDL", "message": "RETR 2", "Handle": "handle", "waiting": "never"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(three()...)
			over := make(chan struct{})
			f.Hook = func(command string) dialtest.Rule {
				if command == stall {
					<-over
					return hangUp
				}
				return dialtest.Rule{}
			}
			if name == "greeting" {
				f.net.fail = func(int) error { <-over; return errors.New("over") }
			}
			f.Handle = func(ctx context.Context, m *pop3watch.Message) error {
				if stall == "handle" {
					<-ctx.Done()
					return ctx.Err()
				}
				return f.store(ctx, m)
			}
			run, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			if name == "greeting" {
				time.AfterFunc(time.Second, func() { close(over) })
			}
			begin := time.Now()
			if err := pop3watch.Run(run, f.Config); err != nil || time.Since(begin) != time.Second || f.seen.held {
				t.Errorf("%s: after %v: %v", name, time.Since(begin), err)
			}
			if name != "greeting" {
				close(over)
			}
		})
	}
}
