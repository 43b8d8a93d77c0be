package pool

import (
	"math/rand/v2"
	"time"
)

// backoff are growing distances in time.
type backoff struct{ first, most time.Duration }

// after returns how long to wait after the nth failure. Chance keeps those who
// failed together from coming back together.
func (b backoff) after(n int) time.Duration {
	d := min(b.first, b.most)
	for ; n > 1 && d < b.most; n-- {
		d = min(2*d, b.most)
	}
	return d/2 + rand.N(d/2+1)
}

// gate decides when to dial. While the relay is up everybody may; after a
// failure only one at a time, at growing distances.
type gate struct {
	backoff
	failures    int // since a message got an answer
	down        bool
	probing     bool
	since, next time.Time
	cause       error
}

// enter reports whether a dial may begin, and whether it is a probe.
func (g *gate) enter(now time.Time) (ok, probe bool) {
	if !g.down {
		return true, false
	}
	if g.probing || now.Before(g.next) {
		return false, false
	}
	g.probing = true
	return true, true
}

// open notes a dial that succeeded. The failures stay: a relay that accepts
// connections and does nothing with them is not up.
func (g *gate) open() { g.down, g.probing = false, false }

// proved notes that the relay answered for a message.
func (g *gate) proved() { g.failures = 0 }

// failed notes a failure. Of dials that failed together one counts.
func (g *gate) failed(now time.Time, probe bool, err error) {
	if probe {
		g.probing = false
	} else if g.down {
		return
	}
	if g.failures == 0 {
		g.since = now
	}
	g.failures++
	g.down, g.cause = true, err
	wait := g.after(g.failures)
	if !temporary(err) { // and a password tried often locks the account
		wait = g.most
	}
	g.next = now.Add(wait)
}

func (g *gate) err() error { return &DownError{g.since, g.next, g.cause} }
