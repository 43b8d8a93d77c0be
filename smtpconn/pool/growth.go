package pool

import (
	"errors"
	"time"

	"github.com/mailconn/mailconn/internal/backoff"
)

// growth decides when to dial, and so how many connections there may be.
//
// While the relay is down, because no dial comes up or no connection answers for a
// message, one connection at a time is tried, at growing distances. While other
// connections stand, a dial that fails says nothing about them: their number becomes
// the limit, and one more is tried now and then, at distances that grow for as long as
// that fails. Messages that the others carry change neither.
type growth struct {
	maxConns int
	down     setback
	more     setback
	served   bool // messages, since it was down
	limit    int  // connections that the relay is taken to give; 0: not known
	taught   bool // the limit, by a refusal that speaks of connections
	last     ticket
}

// setback is a row of failures, and when to try again.
type setback struct {
	backoff.Distances
	failures  int
	since, at time.Time // of the first, and of the last
	next      time.Time // no try before that
	cause     error
	trial     ticket // the try that is under way, or 0
}

// ticket tells a trial from others; it is 0 for a dial that is none.
type ticket int

func newGrowth(c *Config) growth {
	g := growth{maxConns: c.MaxConns}
	g.down.Distances = backoff.Distances{First: c.RetryDelay, Most: c.MaxRetryDelay}
	g.more.Distances = backoff.Distances{First: c.RetryDelay, Most: max(c.MaxRetryDelay, time.Hour)}
	return g
}

// enter reports whether a dial may begin beside so many connections, and as which
// trial.
func (g *growth) enter(now time.Time, conns int) (t ticket, ok bool) {
	s := g.holding(conns)
	switch {
	case conns >= g.maxConns:
		return 0, false
	case s == nil:
		return 0, true
	case s.trial != 0 || now.Before(s.next):
		return 0, false
	}
	g.last++
	s.trial = g.last
	return g.last, true
}

// holding returns the setback that holds dials back beside so many connections, nil
// if none does.
func (g *growth) holding(conns int) *setback {
	switch {
	case g.down.failures > 0:
		return &g.down
	case g.limit > 0 && conns >= g.limit:
		return &g.more
	}
	return nil
}

// left notes that a connection is gone, or idle, that may have been a trial. The
// next may begin.
func (g *growth) left(t ticket) {
	for _, s := range []*setback{&g.down, &g.more} {
		if t != 0 && s.trial == t {
			s.trial = 0
		}
	}
}

// proved notes that a new connection has taken a message, one of so many that have
// answered for one.
func (g *growth) proved(now time.Time, t ticket, answered int) {
	if g.down.failures > 0 && g.limit == 0 {
		g.limit = answered // and one more at a time
		g.more.clear(now)
	}
	if t != 0 && t == g.more.trial {
		g.more.clear(now)
	}
	g.down.clear(now)
	g.served = true
	if g.limit > 0 {
		g.limit = max(g.limit, answered)
	}
	if g.limit >= g.maxConns {
		g.limit, g.taught = 0, false
	}
}

// mayServe reports whether one more try is worth waiting for. If the relay served until
// now, and has failed once, it may be one bad server of several behind a name, or still
// count a connection that has just ended. If it refuses messages and hangs up, they may
// have been bad ones.
func (g *growth) mayServe() bool {
	var refused *refusedError
	few := g.served && g.down.failures <= 1 || errors.As(g.down.cause, &refused) && g.down.failures <= fewRefused
	return few && temporary(g.down.cause)
}

// fewRefused is how many connections in a row that have only refused messages leave the
// relay another try.
const fewRefused = 5

func (s *setback) clear(now time.Time) { *s = setback{Distances: s.Distances, next: now} }

// failed notes a dial, begun at a time, that came to nothing while k others stood.
func (g *growth) failed(now, began time.Time, t ticket, k int, err error) {
	switch aboutConns := refusesConns(err); {
	case k > 0 && (aboutConns || temporary(err)):
		g.more.failed(now, began, g.more.After(g.more.failures+1), err)
		g.limit, g.taught = k, g.taught || aboutConns
	case temporary(err):
		g.down.failed(now, began, g.down.After(g.down.failures+1), err)
		if !g.mayServe() {
			g.limit, g.taught, g.served = 0, false, false
			g.more.clear(now)
		}
	default: // and a password that is tried often locks the account
		g.down.failed(now, began, g.down.Most, err)
	}
	g.left(t)
}

// failed notes a failure. Of dials that failed together one counts.
func (s *setback) failed(now, began time.Time, wait time.Duration, err error) {
	if s.failures > 0 && !began.After(s.at) {
		return
	}
	if s.failures == 0 {
		s.since = now
	}
	s.failures++
	s.at, s.next, s.cause = now, now.Add(wait), err
}

func (g *growth) err() *DownError {
	return &DownError{Since: g.down.since, Next: g.down.next, Err: g.down.cause}
}
