package pool

import (
	"errors"
	"testing"
	"time"
)

var errRefused = errors.New("refused")

// Dials that fail together are one failure, also if one began in the moment in which the
// other failed. A later one is another.
func TestFailuresTogether(t *testing.T) {
	g := newGrowth(&Config{MaxConns: 8, RetryDelay: time.Second, MaxRetryDelay: time.Minute})
	now := time.Now()
	for i, began := range []time.Time{now.Add(-time.Second), now.Add(-time.Millisecond), now} {
		g.failed(now, began, 0, 0, errRefused)
		if g.down.failures != 1 {
			t.Fatalf("%d failures after %d dials", g.down.failures, i+1)
		}
	}
	if g.failed(now.Add(time.Minute), now.Add(time.Second), 0, 0, errRefused); g.down.failures != 2 {
		t.Errorf("%d failures, the second later", g.down.failures)
	}
}

// A message that waits is not given up while a connection is idle that may carry it.
func TestIdleHoldsMessages(t *testing.T) {
	p := &Pool{queue: []*job{{result: make(chan result, 1)}}, idle: []*conn{{}}}
	p.growth.down.failures, p.growth.down.cause = 2, errRefused
	if p.giveUp() {
		t.Error("given up beside an idle connection")
	}
	if p.idle = nil; !p.giveUp() || len(p.queue) > 0 {
		t.Error("not given up without one")
	}
}
