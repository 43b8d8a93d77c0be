package dialtest

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest/internal/link"
	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
)

// Network is the network in front of a server, on a free port of 127.0.0.1. A client dials
// it instead of the server, and it carries the bytes in both directions as its [Plan]
// says, whatever the protocol. Its methods may be used from several goroutines at once.
type Network struct {
	plan     Plan
	upstream string
	address  string // its own

	mu       sync.Mutex
	listener *serve.Listener // nil while the network is down
	faults   []Fault
	closed   bool
	ordered  Fault // that has not happened yet; After is what is still to go through
}

// NewNetwork starts a network before the server at upstream: host:port, or the
// path of a Unix socket. The caller must close it.
func NewNetwork(upstream string, p Plan) (*Network, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	p.Faults = slices.Clone(p.Faults)
	n := &Network{plan: p, upstream: upstream, address: serve.AnyPort}
	if err := n.Up(); err != nil {
		return nil, err
	}
	return n, nil
}

// Up begins to accept connections, again after Down, on the same port.
func (n *Network) Up() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listener != nil {
		return nil
	}
	if n.closed {
		return errors.New("dialtest: the network is closed")
	}
	l, err := serve.Listen("tcp4", n.address)
	if err != nil {
		return err
	}
	n.listener, n.address = l, l.Addr().String()
	l.Start(n.serve)
	return nil
}

// Down cuts all connections and refuses new ones until Up is called.
func (n *Network) Down() {
	n.mu.Lock()
	l := n.listener
	n.listener = nil
	n.mu.Unlock()
	if l != nil {
		l.HangUp()
		l.Close(func() {})
	}
}

// HangUp cuts all connections, and continues to accept new ones.
func (n *Network) HangUp() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listener != nil {
		n.listener.HangUp()
	}
}

// Close takes the network down for good. When it returns, no goroutine of the network
// runs any more.
func (n *Network) Close() error {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.Down()
	return nil
}

// Addr returns the address to dial instead of the server's, as host:port.
func (n *Network) Addr() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.address
}

// Endpoint returns e with the address of the network.
func (n *Network) Endpoint(e dial.Endpoint) dial.Endpoint {
	tcp, err := net.ResolveTCPAddr("tcp", n.Addr())
	if err == nil {
		e.Host, e.Port = "127.0.0.1", uint16(tcp.Port)
	}
	return e
}

// NetDialer returns a dialer that connects to the network, whatever address it is given;
// see [Server.NetDialer].
func (n *Network) NetDialer() dial.NetDialer { return LeadTo(n.Addr()) }

// Faults returns the fault of each connection so far, by the plan or by an order to
// refuse, in the order in which they were made.
func (n *Network) Faults() []Fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.faults)
}

// Order adds a fault to those of the plan, while the network is in use. FaultRefuse
// happens to the next connection that is made. Other faults happen to the connection that
// carries the next byte in the fault's direction after f.After bytes, counted on all
// connections from now on. A fault that was ordered and has not happened yet is replaced.
func (n *Network) Order(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ordered = f
	return nil
}

// Withdraw cancels the fault that was ordered last, and reports whether it had not
// happened yet.
func (n *Network) Withdraw() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	pending := n.ordered.Kind != 0
	n.ordered = Fault{}
	return pending
}

// carried counts bytes in a direction for the fault that was ordered. It returns how many
// of them go through, and the fault if it happens after them.
func (n *Network) carried(toServer bool, bytes int) (int, *link.Fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.ordered
	if f.Kind == 0 || f.Kind == FaultRefuse || f.ToServer != toServer {
		return bytes, nil
	}
	if bytes <= f.After {
		n.ordered.After -= bytes
		return bytes, nil
	}
	n.ordered = Fault{}
	struck := f.inner()
	return f.After, &struck
}

// serve carries one connection.
func (n *Network) serve(conn net.Conn, cut <-chan struct{}) {
	n.mu.Lock()
	f := n.plan.Fault(len(n.faults))
	if n.ordered.Kind == FaultRefuse {
		f, n.ordered = n.ordered, Fault{}
	}
	n.faults = append(n.faults, f)
	n.mu.Unlock()
	if f.Kind == FaultRefuse {
		link.Reset(conn)
		return
	}
	server, err := leadTo(n.upstream).DialContext(context.Background(), "", "")
	if err != nil {
		link.Reset(conn)
		return
	}
	l := n.plan.link(f, conn, server)
	l.Ordered = n.carried
	done := make(chan struct{})
	go func() {
		select {
		case <-cut:
			server.Close()
		case <-done:
		}
	}()
	l.Run()
	close(done)
}
