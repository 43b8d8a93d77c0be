package pop3watch_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

// TestNudge: a Nudge makes Run look at once, between looks and in an outage.
func TestNudge(t *testing.T) {
	for _, down := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture()
			f.Every, f.LongDelay = time.Hour, time.Hour
			if down {
				f.Hook = answers(map[string]dialtest.Rule{"PASS secret": {Reply: "-ERR too many connections"}})
			}
			nudge := make(chan struct{})
			f.Nudge = nudge
			go func() {
				for range 3 {
					time.Sleep(10 * time.Minute)
					nudge <- struct{}{}
				}
			}()
			runFor(t, f, 50*time.Minute)
			if got := f.net.distances(); fmt.Sprint(got) != "[10m0s 10m0s 10m0s]" {
				t.Errorf("down %v: %v", down, got)
			}
		})
	}
}

// TestManyNudges: nudges, and a channel that is closed, make no storm.
func TestManyNudges(t *testing.T) {
	for _, closed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture()
			nudge := make(chan struct{}, 1000)
			for range 1000 {
				nudge <- struct{}{}
			}
			want := 60 // one a second
			if f.Nudge = nudge; closed {
				nudge := make(chan struct{})
				close(nudge)
				f.Nudge, want = nudge, 1
			}
			runFor(t, f, time.Minute-time.Millisecond) // at a minute sharp, another look and the end would be a draw
			if n := len(f.net.dials); n > want || n < want-1 {
				t.Errorf("closed %v: %d looks in a minute", closed, n)
			}
		})
	}
}

// TestPanic: a panic of Handle is the program's; it leaves neither a connection nor the
// notes behind.
func TestPanic(t *testing.T) {
	f := newFixture(three()...)
	f.Handle = func(context.Context, *pop3watch.Message) error { panic("of the program") }
	for _, look := range []func(context.Context, pop3watch.Config) error{pop3watch.Once, pop3watch.Run} {
		func() {
			defer func() {
				if got := recover(); got != "of the program" {
					t.Errorf("recovered %v", got)
				}
			}()
			look(ctx, f.Config)
		}()
		if f.seen.held {
			t.Error("the notes are held")
		}
	}
	f.Handle = f.store
	if got, err := f.once(); err != nil || got.Handled != 3 { // the mailbox is locked for as long as a session lasts
		t.Errorf("%+v, %v", got, err)
	}
}

// TestSleep: when the wall clock shows that the machine was asleep, Run looks within
// half a minute. A clock that is set back changes nothing.
func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture()
		f.Every = time.Hour
		begin := time.Now()
		var skew atomic.Int64
		f.SetClock(func() time.Time { return time.Now().Add(time.Duration(skew.Load())) })
		go func() {
			time.Sleep(10 * time.Minute)
			skew.Store(int64(-24 * time.Hour))
			time.Sleep(10 * time.Minute)
			skew.Store(int64(8 * time.Hour)) // it slept
		}()
		runFor(t, f, 70*time.Minute)
		if got := f.net.distances(); len(got) != 1 || f.net.dials[1].Sub(begin) < 20*time.Minute || f.net.dials[1].Sub(begin) > 20*time.Minute+30*time.Second {
			t.Errorf("%v", got)
		}
	})
}
