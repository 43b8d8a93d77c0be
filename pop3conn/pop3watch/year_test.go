package pop3watch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/internal/test/heap"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// weather is what goes wrong at random in a year: the server cannot be reached for a
// while, refuses a login, or hangs up in the middle of any command.
type weather struct {
	mu       sync.Mutex
	down     time.Time // until when the server cannot be reached
	troubles int
}

// dialled says whether the server can be reached.
func (w *weather) dialled(int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if rand.N(100) == 0 {
		w.down = time.Now().Add(rand.N(6 * time.Hour))
	}
	if time.Now().Before(w.down) {
		w.troubles++
		return errors.New("network is unreachable")
	}
	return nil
}

// answer is the Hook of the server.
func (w *weather) answer(command string) dialtest.Rule {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch n := rand.N(300); {
	case n == 0:
		w.troubles++
		return hangUp
	case n == 1 && strings.HasPrefix(command, "RETR"):
		w.troubles++
		return dialtest.Rule{Reply: "+OK\nhalf a message", End: dialtest.EndClose}
	case n == 2 && strings.HasPrefix(command, "PASS"):
		w.troubles++
		return dialtest.Rule{Reply: "-ERR [IN-USE] locked"}
	case n < 10 && command == "QUIT":
		w.troubles++
		return dialtest.Rule{Reply: "-ERR [SYS/TEMP] some are not removed"}
	case n < 20 && command == "QUIT":
		w.troubles++
		return lost
	}
	return dialtest.Rule{}
}

// TestYear watches a mailbox for a year, in which mail comes and much goes wrong. Each
// message is handled once, and deleted; no two logins are closer than they may be; and
// neither memory nor goroutines grow.
func TestYear(t *testing.T) {
	year, every := 365*24*time.Hour, 12*time.Hour
	if os.Getenv("MAILCONN_FULL") != "" {
		every = 30 * time.Minute
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		w := &weather{}
		f.Hook, f.net.fail = w.answer, w.dialled
		f.Delete, f.Every, f.MinDelay = true, every, 10*time.Second
		f.Looked, f.Refused = nil, nil
		run, cancel := context.WithTimeout(ctx, year)
		defer cancel()
		sent := make(chan int)
		go func() {
			n := 0
			for run.Err() == nil {
				for range rand.N(4) {
					n++
					f.Add(mailstore.Message{ID: fmt.Sprint("id", n%50), Text: fmt.Sprintf("message %d\r\n", n)}) // identifiers come again
				}
				time.Sleep(rand.N(2 * every))
			}
			sent <- n
		}()
		var early int64
		goroutines := 0
		time.AfterFunc(year/10, func() {
			early = heap.InUse()
			goroutines = runtime.NumGoroutine()
		})
		downs := 0
		f.Down = func(*dial.Error, time.Time) { downs++ }
		if err := pop3watch.Run(run, f.Config); err != nil {
			t.Error(err)
		}
		n := <-sent
		calm := f.Config
		f.Hook, f.net.fail = nil, nil
		if err := pop3watch.Once(ctx, calm); err != nil || f.left() != "[]" {
			t.Errorf("at the end: %v, left %s", err, f.left())
		}
		counts := map[string]int{}
		for _, text := range f.got {
			for line := range strings.Lines(text) {
				counts[line]++
			}
		}
		for i := range n {
			if line := fmt.Sprintf("message %d\r\n", i+1); counts[line] != 1 {
				t.Errorf("%q was handled %d times", line, counts[line])
			}
		}
		least := year
		for i := 1; i < len(f.net.dials); i++ {
			least = min(least, f.net.dials[i].Sub(f.net.dials[i-1]))
		}
		if least < f.MinDelay || len(counts) != n {
			t.Errorf("logins %v apart, %d messages of %d", least, len(counts), n)
		}
		logins := len(f.net.dials)
		f.got, f.net.dials = nil, nil
		if grown := heap.InUse() - early; grown > 1<<20 || runtime.NumGoroutine() > goroutines+5 {
			t.Errorf("%d bytes more, %d goroutines after %d", grown, runtime.NumGoroutine(), goroutines)
		}
		t.Logf("%d messages, %d logins, at least %v apart, %d troubles, %d outages", n, logins, least, w.troubles, downs)
	})
}
