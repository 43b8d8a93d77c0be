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
// failure only one at a time, at growing distances, until a message got an
// answer: a relay that accepts connections and does nothing with them is not up.
type gate struct {
	backoff
	failures    int // since a message got an answer
	down        bool
	probing     ticket // of the connection that is being tried, or 0
	last        ticket
	since, next time.Time
	cause       error
}

// ticket tells a probe from others; it is 0 for what is none.
type ticket int

// enter reports whether a dial may begin, and as which probe.
func (g *gate) enter(now time.Time) (t ticket, ok bool) {
	if !g.down {
		return 0, true
	}
	if g.probing != 0 || now.Before(g.next) {
		return 0, false
	}
	g.last++
	g.probing = g.last
	return g.probing, true
}

// proved notes that the relay answered for a message.
func (g *gate) proved() { g.failures, g.down, g.probing = 0, false, 0 }

// left notes that a connection is gone, or idle, that may have been the probe,
// and reports whether it was. The next may begin.
func (g *gate) left(t ticket) (probe bool) {
	if probe = t != 0 && t == g.probing; probe {
		g.probing = 0
	}
	return probe
}

// failed notes a failure. Of those that failed together one counts.
func (g *gate) failed(now time.Time, t ticket, err error) {
	if !g.left(t) && g.down {
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

func (g *gate) err() *DownError { return &DownError{g.since, g.next, g.cause} }
