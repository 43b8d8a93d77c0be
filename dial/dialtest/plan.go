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

// Plan says what happens to connections. What it chooses at random depends only on Seed
// and on the number of the connection, so that a run which failed can be repeated.
type Plan struct {
	// Seed is the seed of the random numbers. Zero is a seed like others.
	Seed uint64

	// Refuse, Cut, Stall and HalfOpen are the probabilities of each fault for a
	// connection. Their sum is at most 1, since a connection has at most one fault.
	Refuse, Cut, Stall, HalfOpen float64

	// Within is how many bytes, at most, go through in one direction before the
	// fault happens. Zero means 4096.
	Within int

	// Faults are the faults of the first connections, in place of random ones.
	Faults []Fault

	// Latency is how long bytes take in each direction, and Rate how many arrive in a
	// second. A zero Rate means no limit.
	Latency time.Duration
	Rate    int
}

// Fault is what happens to one connection.
type Fault struct {
	// Kind is what happens. The zero kind is nothing.
	Kind FaultKind

	// After is how many bytes go through first in the fault's direction, which is to the
	// server if ToServer is set, and otherwise to the client.
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
	// FaultStall means that nothing goes through any more, and neither end notices.
	FaultStall
	// FaultHalfOpen means that the server's end is closed, and the client does not
	// notice: what it sends is lost.
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

// check returns an error if the plan is not valid.
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

// check returns an error if the fault is not valid.
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

// Dialer returns a dialer that connects by to, and applies the plan to each connection.
// Its DialContext fails for a connection that the plan refuses, and if the plan is not
// valid. It does not listen, and works inside a bubble of package testing/synctest.
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
