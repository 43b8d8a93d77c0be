// Package link carries the bytes between a client and a server as a slow or broken
// network does.
package link

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Kind is what happens to a connection, as package dialtest describes it. It has the
// values of dialtest.FaultKind.
type Kind uint8

// The kinds of fault.
const (
	None Kind = iota
	Refuse
	Cut
	Stall
	HalfOpen
)

// Fault is a kind, and how many bytes go through first in one direction.
type Fault struct {
	Kind     Kind
	After    int
	ToServer bool // the direction
}

// Link is one connection. Refuse is for the caller to do: no Link is run then.
type Link struct {
	Latency        time.Duration
	Rate           int // bytes a second; zero is no limit
	Fault          Fault
	Client, Server net.Conn

	// Ordered, if set, is told of bytes that have come in a direction, and returns
	// how many of them go through before a fault that was ordered, if there is one.
	Ordered func(toServer bool, n int) (int, *Fault)

	struck atomic.Pointer[Fault] // what has happened
}

// Run returns when both directions have ended, and closes both connections.
func (l *Link) Run() {
	var ways sync.WaitGroup
	ways.Go(func() { l.carry(l.Client, l.Server, true) })
	ways.Go(func() { l.carry(l.Server, l.Client, false) })
	ways.Wait()
	l.Client.Close()
	l.Server.Close()
}

// block is some bytes, or a fault, and when they arrive.
type block struct {
	bytes []byte
	fault *Fault
	due   time.Time
}

// carry carries one direction.
func (l *Link) carry(from, to net.Conn, toServer bool) {
	under := make(chan block, 1024)
	arrived := make(chan struct{})
	go func() {
		defer close(arrived)
		for b := range under {
			time.Sleep(time.Until(b.due))
			switch {
			case b.fault != nil:
				l.strike(b.fault)
			case !l.loses(toServer):
				to.Write(b.bytes)
			}
		}
	}()
	l.read(from, toServer, under)
	close(under)
	<-arrived
	if f := l.struck.Load(); !toServer && f != nil && (f.Kind == Stall || f.Kind == HalfOpen) {
		return // the client is not told
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	} else {
		to.Close()
	}
}

// read reads one direction until it ends.
func (l *Link) read(from net.Conn, toServer bool, under chan<- block) {
	left := -1 // bytes until the fault; -1: it is not of this direction
	if l.Fault.Kind != 0 && l.Fault.ToServer == toServer {
		left = l.Fault.After
	}
	var due time.Time
	buf := make([]byte, 16<<10)
	for {
		if left == 0 {
			under <- block{fault: &l.Fault, due: due}
			left = -1
		}
		space := buf
		if left > 0 {
			space = buf[:min(left, len(buf))]
		}
		n, err := from.Read(space)
		if left > 0 {
			left -= n
		}
		if n > 0 {
			due = l.arrival(due, n)
			pass, fault := n, (*Fault)(nil)
			if l.Ordered != nil {
				pass, fault = l.Ordered(toServer, n)
			}
			under <- block{bytes: bytes.Clone(buf[:pass]), due: due}
			if fault != nil {
				under <- block{fault: fault, due: due}
				under <- block{bytes: bytes.Clone(buf[pass:n]), due: due}
			}
		}
		if err != nil {
			return
		}
	}
}

// arrival returns when n bytes that are sent now arrive, after others that arrive at a
// time before.
func (l *Link) arrival(before time.Time, n int) time.Time {
	due := time.Now().Add(l.Latency)
	if due.Before(before) {
		due = before
	}
	if l.Rate > 0 {
		due = due.Add(time.Duration(n) * time.Second / time.Duration(l.Rate))
	}
	return due
}

// strike makes a fault happen.
func (l *Link) strike(f *Fault) {
	l.struck.Store(f)
	switch f.Kind {
	case Cut:
		Reset(l.Client)
		Reset(l.Server)
	case HalfOpen:
		l.Server.Close()
	}
}

// loses reports whether what arrives in a direction is lost.
func (l *Link) loses(toServer bool) bool {
	f := l.struck.Load()
	return f != nil && (f.Kind == Stall || f.Kind == HalfOpen && toServer)
}

// Reset closes a connection with a reset where it can.
func Reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}
