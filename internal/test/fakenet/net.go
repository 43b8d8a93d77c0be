// Package fakenet is a network in memory, for tests: name servers, web sites and
// whatever else listens at an address. It works inside a bubble of package
// testing/synctest, and records who was connected to and what was asked.
package fakenet

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Net is a network. What is not on it refuses TCP connections and never answers a
// datagram.
type Net struct {
	t testing.TB

	mu      sync.Mutex
	streams map[string]func(net.Conn)
	packets map[string]func(query []byte) (replies [][]byte)
	dialled []string
	open    int           // connections that the client has not closed
	closed  chan struct{} // closed when one is closed
	servers map[net.Conn]struct{}
	serving sync.WaitGroup
}

// New returns an empty network, whose connections end with the test.
func New(t testing.TB) *Net {
	n := &Net{
		t:       t,
		streams: map[string]func(net.Conn){},
		packets: map[string]func([]byte) [][]byte{},
		servers: map[net.Conn]struct{}{},
		closed:  make(chan struct{}),
	}
	t.Cleanup(func() {
		n.mu.Lock()
		for c := range n.servers {
			c.Close()
		}
		n.mu.Unlock()
		n.serving.Wait()
	})
	return n
}

// Listen has serve called for each TCP connection to address, in a goroutine of
// its own; the connection is closed when serve returns. A nil serve is a host
// that drops all packets.
func (n *Net) Listen(address string, serve func(net.Conn)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.streams[address] = serve
}

// ListenPacket has answer called for each datagram to address. What it returns is
// sent back at once, in order.
func (n *Net) ListenPacket(address string, answer func(query []byte) (replies [][]byte)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.packets[address] = answer
}

// DialContext connects to an address. It has the form that dns.Resolver,
// http.Transport and dial.Dialer want.
func (n *Net) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialled = append(n.dialled, network+" "+address)
	answer := n.packets[address]
	serve, listens := n.streams[address]
	n.mu.Unlock()
	switch {
	case strings.HasPrefix(network, "udp"):
		return newPacketConn(answer, n.opened()), nil
	case !listens:
		return nil, &net.OpError{Op: "dial", Net: network, Addr: tcpAddr(address), Err: syscall.ECONNREFUSED}
	case serve == nil:
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: network, Addr: tcpAddr(address), Err: context.Cause(ctx)}
	}
	client, server := pipe(address, n.opened())
	n.mu.Lock()
	n.servers[server] = struct{}{}
	n.mu.Unlock()
	n.serving.Go(func() {
		defer server.Close()
		serve(server)
	})
	return client, nil
}

// opened counts a connection, until the function that it returns is called.
func (n *Net) opened() (closed func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open++
	return sync.OnceFunc(func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.open--
		close(n.closed)
		n.closed = make(chan struct{})
	})
}

// Open returns how many connections and sockets the clients have not closed.
func (n *Net) Open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}

// AllClosed fails the test if the clients do not close all connections within ten seconds.
func (n *Net) AllClosed() {
	n.t.Helper()
	over := time.After(10 * time.Second)
	for {
		n.mu.Lock()
		open, closed := n.open, n.closed
		n.mu.Unlock()
		if open == 0 {
			return
		}
		select {
		case <-closed:
		case <-over:
			n.t.Errorf("%d connections are left open", open)
			return
		}
	}
}

// Dialled returns the connections that were asked for so far, each as "tcp" or
// "udp", a blank and the address, sorted and without repeats.
func (n *Net) Dialled() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := slices.Clone(n.dialled)
	slices.Sort(all)
	return slices.Compact(all)
}

func tcpAddr(address string) net.Addr {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return &net.TCPAddr{}
	}
	return net.TCPAddrFromAddrPort(ap)
}
