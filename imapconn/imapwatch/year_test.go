package imapwatch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn/imapwatch"
	"github.com/mailconn/mailconn/internal/test/heap"
)

// year is a simulated time, and what happens in it: mail comes, is read and goes, and much
// goes wrong, as numbers from a seed say.
type year struct {
	*fixture
	random *rand.Rand
	length time.Duration
	every  time.Duration // about how far apart two events are
	sent   int
	counts map[string]int
	asleep atomic.Int64 // by how much the wall clock has run ahead of the timers
}

// events are what may happen. Each is as likely as any other.
var events = []string{
	"mail", "mail", "mail", "mail", "flags", "expunge", "program", "hang-up", "unreachable", "refused for now",
	"IDLE refused", "BYE", "stall", "mailbox anew", "asleep", "nudge",
}

// happen makes one event.
func (y *year) happen(e string, nudge chan<- struct{}, stop *func() error) {
	box := y.srv.Store().Inbox()
	uids := box.UIDs()
	y.counts[e]++
	switch e {
	case "mail":
		for range 1 + y.random.IntN(3) {
			y.sent++
			box.Deliver(letter(y.sent))
		}
	case "flags":
		if len(uids) > 0 {
			box.SetFlags(uids[y.random.IntN(len(uids))], fmt.Sprint("flag", y.random.IntN(10)))
		}
	case "expunge":
		for range min(2, len(uids)) {
			y.srv.Expunge(uids[y.random.IntN(len(uids))])
		}
	case "program":
		if err := (*stop)(); err != nil {
			y.Errorf("Run: %v", err)
		}
		*stop = y.start()
	case "hang-up":
		y.srv.HangUp()
	case "unreachable":
		y.reach(false)
		time.AfterFunc(time.Duration(y.random.Int64N(int64(2*time.Hour))), func() { y.reach(true) })
	case "refused for now":
		y.order(dialtest.Rule{At: "credentials", Times: 1 + y.random.IntN(3), Reply: "NO [UNAVAILABLE] later"})
		y.srv.HangUp()
	case "IDLE refused":
		y.order(dialtest.Rule{At: "IDLE", Times: 1, Reply: "NO not now"})
	case "BYE":
		at := []string{"SELECT", "UID SEARCH", "UID FETCH", "IDLE", "NOOP", "STATUS"}[y.random.IntN(6)]
		y.order(dialtest.Rule{At: at, Times: 1, Reply: "* BYE restarting", End: dialtest.EndClose})
	case "stall":
		at := []string{"SELECT", "UID SEARCH", "UID FETCH", "IDLE", "idling", "NOOP"}[y.random.IntN(6)]
		y.order(dialtest.Rule{At: at, Times: 1, Skip: true, End: dialtest.EndStall})
	case "mailbox anew":
		box.Renumber()
	case "asleep":
		y.asleep.Add(int64(time.Hour))
	case "nudge":
		select {
		case nudge <- struct{}{}:
		default:
		}
	}
}

func (y *year) reach(can bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.unreach = !can; !can {
		y.srv.HangUp()
	}
}

// forget is the Reset: the copy begins anew, and the texts in it are told again.
func (y *year) forget(_ context.Context, mailbox string) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, text := range y.has {
		y.told[text]--
	}
	clear(y.has)
	return nil
}

// run lets the time pass, and checks at its end.
func (y *year) run(plan dialtest.Plan) {
	nudge := make(chan struct{})
	y.Nudge, y.Reset = nudge, y.forget
	y.MinDelay, y.Options.ReplyTimeout = 10*time.Second, time.Minute
	network := &switched{to: plan.Dialer(y.fixture)}
	y.Options.Dialer.NetDialer = network
	y.SetClock(func() time.Time { return time.Now().Add(time.Duration(y.asleep.Load())) })
	stop := y.start()
	goroutines, early := 0, int64(0)
	for begun := time.Now(); time.Since(begun) < y.length; {
		y.happen(events[y.random.IntN(len(events))], nudge, &stop)
		time.Sleep(time.Duration(y.random.Int64N(int64(2 * y.every))))
		if goroutines == 0 && time.Since(begun) > y.length/5 {
			early = heap.InUse()
			goroutines = runtime.NumGoroutine()
		}
		y.forgetOld()
	}
	y.srv.ClearRules()
	y.reach(true)
	network.lead(y.fixture)
	time.Sleep(time.Hour)
	if err := stop(); err != nil {
		y.Errorf("Run: %v", err)
	}
	if err := imapwatch.Once(context.Background(), y.Config); err != nil {
		y.Error(err)
	}
	y.complete()
	y.check(goroutines, early)
}

// switched is a NetDialer that can be made to lead elsewhere.
type switched struct {
	mu sync.Mutex
	to dial.NetDialer
}

func (s *switched) lead(to dial.NetDialer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = to
}

func (s *switched) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	s.mu.Lock()
	to := s.to
	s.mu.Unlock()
	return to.DialContext(ctx, network, address)
}

// forgetOld forgets what the test itself would hold more and more of, but for the least
// distance of two connections.
func (y *year) forgetOld() {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.changes, y.when, y.downs, y.nexts, y.refused = nil, nil, y.downs[:0], y.nexts[:0], nil
}

// check looks at distances, and at growth.
func (y *year) check(goroutines int, early int64) {
	least := y.length
	for _, gap := range gaps(y.dials) {
		least = min(least, gap)
	}
	if restarts := y.counts["program"]; least < y.MinDelay && restarts == 0 {
		y.Errorf("connections are %v apart", least)
	}
	dials := len(y.dials)
	y.dials = nil
	grown := heap.InUse() - early
	if most := 4<<20 + int64(2000*y.sent) + y.recorded(); grown > most || runtime.NumGoroutine() > goroutines+5 {
		y.Errorf("%d bytes more, %d goroutines after %d", grown, runtime.NumGoroutine(), goroutines)
	}
	y.Logf("%d messages, %d connections, %d bytes more, events %v", y.sent, dials, grown, y.counts)
}

// recorded returns about how many bytes the server has kept of what it was told.
func (y *year) recorded() (n int64) {
	for _, s := range y.srv.Sessions() {
		n += 2 * int64(cap(s.Clear)+100)
	}
	for _, c := range y.srv.Commands() {
		n += 2 * int64(len(c)+16)
	}
	return n
}

// TestYear watches a mailbox on a network that refuses, cuts, stalls and half closes
// connections: in the end the program's copy is what is on the server, and each message was
// told once. MAILCONN_FULL makes the days a year, with 1,000 events and more.
func TestYear(t *testing.T) {
	days, every := 8, 2*time.Hour
	if os.Getenv("MAILCONN_FULL") != "" {
		days, every = 365, 8*time.Hour
	}
	for seed, without := range [][]string{nil, plain, {"IDLE"}} {
		watched(t, dialtest.Config{Without: without}, func(f *fixture) {
			y := &year{fixture: f, random: rand.New(rand.NewPCG(uint64(seed), 17)), length: time.Duration(days) * 24 * time.Hour, every: every, counts: map[string]int{}}
			y.run(dialtest.Plan{Seed: uint64(seed), Refuse: 0.05, Cut: 0.1, Stall: 0.1, HalfOpen: 0.1, Within: 20_000})
		})
		if t.Failed() {
			t.Fatalf("seed %d, without %v", seed, without)
		}
	}
}
