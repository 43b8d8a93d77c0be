package pool

import (
	"context"
	"sync"
	"time"
)

// Pool sends messages over connections to one relay. It may be used by many
// goroutines at once, and must be closed.
type Pool struct {
	cfg  Config
	rate *rate

	life context.Context // ends when a Close does not wait any longer
	kill context.CancelCauseFunc

	dials    context.Context // of life: ends when no message is left that wants a connection
	stopDial context.CancelFunc

	sends sync.WaitGroup // calls of Send
	tasks sync.WaitGroup // goroutines

	mu       sync.Mutex
	closed   bool // for new messages
	drained  bool // there are no old ones either
	queue    []*job
	conns    map[*conn]struct{} // that stand
	idle     []*conn            // of them; the one used last is last
	ending   int                // of them, that were idle
	running  int                // goroutines with a connection, or about to have one
	dialling int                // of them
	starting int                // those that have not looked at the queue yet
	growth   growth
	stats    Stats
	wake     *time.Timer // for the next trial
	sweep    *time.Timer // for idle connections
	sweeping bool        // the timer is set
}

// New returns a Pool. It finds what is wrong with the Config, does no I/O, and
// starts nothing: the first Send dials.
func New(c Config) (*Pool, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	p := &Pool{cfg: c, rate: newRate(c.RatePerSecond, c.Burst), growth: newGrowth(&c), conns: map[*conn]struct{}{}}
	p.life, p.kill = context.WithCancelCause(context.Background())
	p.dials, p.stopDial = context.WithCancel(p.life)
	p.wake = stopped(p.tryAgain)
	p.sweep = stopped(p.reap)
	return p, nil
}

// stopped returns a timer that is not running.
func stopped(f func()) *time.Timer {
	t := time.AfterFunc(time.Hour, f)
	t.Stop()
	return t
}

// tryAgain looks at the queue when the time for a trial has come.
func (p *Pool) tryAgain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start()
}

// reap closes connections that were idle for too long. Those used last are
// last.
func (p *Pool) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweeping = false
	now := time.Now()
	for len(p.idle) > 0 {
		c := p.idle[0]
		if left := p.cfg.IdleTime - now.Sub(c.used); left > 0 {
			p.sweepIn(left)
			return
		}
		p.idle = p.idle[1:]
		p.retire(c)
	}
}

// Close ends the Pool. New messages are not sent; for those that Send has taken
// it waits, with their retries. Then dials under way are broken off, and the
// connections are ended with QUIT, whose reply is waited for 5 seconds at most.
// When ctx ends first all is cut short: every Send returns with what is known of
// its message. Either way nothing is left running when Close returns, except a
// content.Read or content.Seek that does not return. It waits for Envelope.BeforeEnd,
// which must not call it. The error is that of ctx.
func (p *Pool) Close(ctx context.Context) error {
	if ctx == nil {
		return errNilContext
	}
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	cut := context.AfterFunc(ctx, func() { p.kill(ErrClosed) })
	p.sends.Wait()
	p.mu.Lock()
	p.drained = true
	p.stopDial()
	p.wake.Stop()
	p.sweep.Stop()
	for _, c := range p.idle {
		p.retire(c)
	}
	p.idle = nil
	p.mu.Unlock()
	p.tasks.Wait()
	defer p.kill(ErrClosed)
	if !cut() {
		return context.Cause(ctx)
	}
	return nil
}
