package dialtest

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link carries bytes between a client and a server as a plan says.
type link struct {
	plan           Plan
	fault          Fault // the plan's
	client, server net.Conn

	// ordered, if set, is told of bytes that have come in a direction, and returns
	// how many of them go through before a fault that was ordered, if there is one.
	ordered func(toServer bool, n int) (int, *Fault)

	struck atomic.Pointer[Fault] // what has happened
}

// run returns when both directions have ended, and closes both connections.
func (l *link) run() {
	var ways sync.WaitGroup
	ways.Go(func() { l.carry(l.client, l.server, true) })
	ways.Go(func() { l.carry(l.server, l.client, false) })
	ways.Wait()
	l.client.Close()
	l.server.Close()
}

// block is some bytes, or a fault, and when they arrive.
type block struct {
	bytes []byte
	fault *Fault
	due   time.Time
}

// carry carries one direction.
func (l *link) carry(from, to net.Conn, toServer bool) {
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
	if f := l.struck.Load(); !toServer && f != nil && (f.Kind == FaultStall || f.Kind == FaultHalfOpen) {
		return // the client is not told
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	} else {
		to.Close()
	}
}

// read reads one direction until it ends.
func (l *link) read(from net.Conn, toServer bool, under chan<- block) {
	left := -1 // bytes until the fault; -1: it is not of this direction
	if l.fault.Kind != 0 && l.fault.ToServer == toServer {
		left = l.fault.After
	}
	var due time.Time
	buf := make([]byte, 16<<10)
	for {
		if left == 0 {
			under <- block{fault: &l.fault, due: due}
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
			if earliest := time.Now().Add(l.plan.Latency); due.Before(earliest) {
				due = earliest
			}
			if l.plan.Rate > 0 {
				due = due.Add(time.Duration(n) * time.Second / time.Duration(l.plan.Rate))
			}
			pass, fault := n, (*Fault)(nil)
			if l.ordered != nil {
				pass, fault = l.ordered(toServer, n)
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

// strike makes a fault happen.
func (l *link) strike(f *Fault) {
	l.struck.Store(f)
	switch f.Kind {
	case FaultCut:
		reset(l.client)
		reset(l.server)
	case FaultHalfOpen:
		l.server.Close()
	}
}

// loses reports whether what arrives in a direction is lost.
func (l *link) loses(toServer bool) bool {
	f := l.struck.Load()
	return f != nil && (f.Kind == FaultStall || f.Kind == FaultHalfOpen && toServer)
}

// reset closes a connection with a reset where it can.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}
