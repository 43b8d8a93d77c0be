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

// Network is the network before a server, on a free port of 127.0.0.1: dialled in
// the server's place, it carries bytes there and back as its [Plan] says. It
// knows no protocol. Its methods may be used from several goroutines at once.
type Network struct {
	plan     Plan
	upstream string
	address  string // its own

	mu       sync.Mutex
	listener *serve.Listener // nil while the network is down
	faults   []Fault
	closed   bool
	ordered  Fault // and not come yet: After is what is still to go through
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

// HangUp cuts all connections, and goes on to accept new ones.
func (n *Network) HangUp() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listener != nil {
		n.listener.HangUp()
	}
}

// Close takes the network down for good, and returns when nothing of it runs any
// more.
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

// Endpoint returns how to dial the server of an endpoint over the network.
func (n *Network) Endpoint(e dial.Endpoint) dial.Endpoint {
	tcp, err := net.ResolveTCPAddr("tcp", n.Addr())
	if err == nil {
		e.Host, e.Port = "127.0.0.1", uint16(tcp.Port)
	}
	return e
}

// NetDialer returns a dialer that comes out here whatever is dialled; see
// [Server.NetDialer].
func (n *Network) NetDialer() dial.NetDialer { return LeadTo(n.Addr()) }

// Faults returns what the plan, or an order to refuse, has decided on each connection
// so far, in the order in which they came.
func (n *Network) Faults() []Fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.faults)
}

// Order orders a fault besides those of the plan, while the network is in use. It
// happens to the connection that is the first to carry a byte more than f.After in
// the fault's direction, counted on all connections from now on; FaultRefuse to the
// next connection that is made. It takes the place of one that has not happened yet.
func (n *Network) Order(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ordered = f
	return nil
}

// Withdraw takes back the fault that was ordered last, and reports whether it was
// still to come.
func (n *Network) Withdraw() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	pending := n.ordered.Kind != 0
	n.ordered = Fault{}
	return pending
}

// carried counts bytes that have come in a direction towards the fault that was
// ordered. It returns how many go through, and the fault if it happens behind them.
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

// serve is the life of one connection.
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
