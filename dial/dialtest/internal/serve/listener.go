package serve

import (
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// Listener accepts connections and can end them all. Without a net.Listener it has
// those that are given to Serve.
type Listener struct {
	net.Listener
	serve func(conn net.Conn, cut <-chan struct{})
	done  chan struct{} // closed when no more connections are accepted

	mu     sync.Mutex
	closed bool
	marker string // the address of the last connection, our own
	conns  map[*connection]bool
}

// connection is one that is being served. Its channels belong to the goroutine
// that brought it: those of a synctest bubble do not mix with others.
type connection struct {
	net.Conn
	ended chan struct{} // closed when it has ended
	cut   chan struct{} // closed when it is to end
}

// AnyPort is an address for Listen: a free port of 127.0.0.1.
const AnyPort = "127.0.0.1:0"

// Listen listens on an address. Connections wait until Start.
func Listen(network, address string) (*Listener, error) {
	inner, err := net.Listen(network, address)
	if err != nil {
		return nil, fmt.Errorf("dialtest: %w", err)
	}
	return &Listener{Listener: inner, done: make(chan struct{}), conns: map[*connection]bool{}}, nil
}

// Deaf returns a Listener that does not listen.
func Deaf() *Listener {
	return &Listener{conns: map[*connection]bool{}}
}

// Addr returns the address that it listens on, an empty one if it does not.
func (l *Listener) Addr() net.Addr {
	if l.Listener == nil {
		return &net.UnixAddr{Net: "unix"}
	}
	return l.Listener.Addr()
}

// Start begins to accept connections and gives each to serve, on a goroutine of
// its own. serve ends soon after cut is closed.
func (l *Listener) Start(serve func(conn net.Conn, cut <-chan struct{})) {
	if l.serve = serve; l.Listener != nil {
		go l.accept()
	}
}

func (l *Listener) accept() {
	defer close(l.done)
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		l.mu.Lock()
		if l.marker != "" && conn.RemoteAddr().String() == l.marker {
			l.mu.Unlock()
			conn.Close()
			return
		}
		c := l.enter(conn)
		l.mu.Unlock()
		go l.run(c)
	}
}

// Serve serves a connection on the caller's goroutine.
func (l *Listener) Serve(conn net.Conn) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		conn.Close()
		return
	}
	c := l.enter(conn)
	l.mu.Unlock()
	l.run(c)
}

// enter notes conn; mu is held.
func (l *Listener) enter(conn net.Conn) *connection {
	c := &connection{conn, make(chan struct{}), make(chan struct{})}
	l.conns[c] = true
	return c
}

func (l *Listener) run(c *connection) {
	defer func() {
		c.Close()
		l.mu.Lock()
		delete(l.conns, c)
		l.mu.Unlock()
		close(c.ended)
	}()
	l.serve(c.Conn, c.cut)
}

// Open returns how many connections are open.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// Grace is how long connections may go on when their listener closes: what
// clients have sent before they closed comes into the record.
const Grace = 500 * time.Millisecond

// Close stops accepting and returns when everything has ended. It calls last
// before it cuts the connections that have outstayed the grace.
func (l *Listener) Close(last func()) error {
	if !l.stop() {
		return nil
	}
	var err error
	if l.Listener != nil {
		<-l.done
		err = l.Listener.Close()
	}
	late := time.AfterFunc(Grace, func() {
		last()
		l.HangUp()
	})
	defer late.Stop()
	for _, c := range l.running() {
		<-c.ended
	}
	return err
}

// stop makes the connection after which no more are accepted, so that none
// that a client has already made is lost. It reports whether it was the first
// to do so.
func (l *Listener) stop() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.closed = true
	if l.Listener == nil {
		return true
	}
	d := net.Dialer{Timeout: Grace}
	if path := l.Addr().String(); l.Addr().Network() == "unix" {
		d.LocalAddr = &net.UnixAddr{Name: path + ".last", Net: "unix"}
		defer os.Remove(path + ".last")
	}
	conn, err := d.Dial(l.Addr().Network(), l.Addr().String())
	if err != nil {
		l.Listener.Close()
		return true
	}
	l.marker = conn.LocalAddr().String()
	conn.Close()
	return true
}

func (l *Listener) running() []*connection {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.conns))
}

// HangUp cuts all connections.
func (l *Listener) HangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		if l.conns[c] {
			l.conns[c] = false
			close(c.cut)
			c.Close()
		}
	}
}
