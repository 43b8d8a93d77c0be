package dialtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest/internal/link"
)

// Plan says what happens to connections on their way. It decides by numbers that
// look random and depend on nothing but Seed and the number of the connection, so
// that a run which failed can be repeated.
type Plan struct {
	// Seed is what the numbers come from. Zero is a seed as good as any.
	Seed uint64

	// Refuse, Cut, Stall and HalfOpen are how likely each fault is for a
	// connection, between 0 and 1. Their sum is at most 1: it has one or none.
	Refuse, Cut, Stall, HalfOpen float64

	// Within is how many bytes, at most, go through in one direction before the
	// fault happens. Zero means 4096.
	Within int

	// Faults are those of the first connections, in place of the likely ones.
	Faults []Fault

	// Latency is how long bytes are under way in each direction, and Rate how
	// many of them arrive in a second. A zero Rate means no limit.
	Latency time.Duration
	Rate    int
}

// Fault is what happens to one connection.
type Fault struct {
	// Kind is what happens. The zero kind is nothing.
	Kind FaultKind

	// After is how many bytes go through first, of those to the server or of
	// those to the client.
	After    int
	ToServer bool
}

// FaultKind is a kind of [Fault]. The zero kind is that nothing happens.
type FaultKind uint8

const (
	// FaultRefuse means that the connection is reset as soon as it is made.
	FaultRefuse FaultKind = iota + 1
	// FaultCut means that both ends are reset.
	FaultCut
	// FaultStall means that nothing goes through any more, and neither end is
	// told.
	FaultStall
	// FaultHalfOpen means that the server's end is closed, and the client is not
	// told: what it sends is lost.
	FaultHalfOpen
)

// String returns the kind as a word, as in "half-open".
func (k FaultKind) String() string {
	if k > FaultHalfOpen {
		return fmt.Sprintf("fault %d", uint8(k))
	}
	return [...]string{"none", "refuse", "cut", "stall", "half-open"}[k]
}

// Fault returns what happens to the n-th connection, from 0.
func (p Plan) Fault(n int) Fault {
	if n < len(p.Faults) {
		return p.Faults[n]
	}
	random := rand.New(rand.NewPCG(p.Seed, uint64(n)))
	at := random.Float64()
	within := p.Within
	if within <= 0 {
		within = 4096
	}
	f := Fault{After: random.IntN(within), ToServer: random.IntN(2) == 0}
	for i, chance := range []float64{p.Refuse, p.Cut, p.Stall, p.HalfOpen} {
		if at < chance {
			f.Kind = FaultRefuse + FaultKind(i)
			return f
		}
		at -= chance
	}
	return Fault{}
}

// check returns what is wrong with the plan.
func (p Plan) check() error {
	for _, chance := range []float64{p.Refuse, p.Cut, p.Stall, p.HalfOpen} {
		if !(chance >= 0) {
			return errors.New("dialtest: a fault less likely than never")
		}
	}
	if p.Refuse+p.Cut+p.Stall+p.HalfOpen > 1 || p.Rate < 0 || p.Latency < 0 || p.Within < 0 {
		return errors.New("dialtest: faults more likely than always, or a rate, latency or number of bytes below zero")
	}
	for _, f := range p.Faults {
		if err := f.check(); err != nil {
			return err
		}
	}
	return nil
}

// inner returns the fault as package link has it.
func (f Fault) inner() link.Fault {
	return link.Fault{Kind: link.Kind(f.Kind), After: f.After, ToServer: f.ToServer}
}

// check returns what is wrong with the fault.
func (f Fault) check() error {
	if f.Kind > FaultHalfOpen || f.After < 0 {
		return fmt.Errorf("dialtest: no such fault: %v after %d bytes", f.Kind, f.After)
	}
	return nil
}

// link returns a connection with a fault of the plan.
func (p Plan) link(f Fault, client, server net.Conn) *link.Link {
	return &link.Link{Latency: p.Latency, Rate: p.Rate, Fault: f.inner(), Client: client, Server: server}
}

// Dialer returns a dialer whose connections are those of to, with the plan
// between. A refused connection is an error, and so is each with a plan that is
// invalid. It needs no port of its own, and
// works inside a bubble of package testing/synctest.
func (p Plan) Dialer(to dial.NetDialer) dial.NetDialer {
	p.Faults = slices.Clone(p.Faults)
	return &planDialer{plan: p, to: to}
}

type planDialer struct {
	plan Plan
	to   dial.NetDialer

	mu sync.Mutex
	n  int
}

func (d *planDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := d.plan.check(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	f := d.plan.Fault(d.n)
	d.n++
	d.mu.Unlock()
	if f.Kind == FaultRefuse {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused by the plan")}
	}
	server, err := d.to.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	client, end := net.Pipe()
	go d.plan.link(f, end, server).Run()
	return client, nil
}
