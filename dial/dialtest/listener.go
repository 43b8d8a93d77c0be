package dialtest

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// listener accepts connections on loopback and can end them all.
type listener struct {
	net.Listener
	done chan struct{} // closed when no more connections are accepted

	mu     sync.Mutex
	closed bool
	marker string // the address of the last connection, our own
	// Each connection has a channel that is closed when it has ended. (A
	// WaitGroup cannot be used both inside and outside of a synctest bubble.)
	conns map[chan struct{}]net.Conn
}

// listen begins to accept connections and gives each to serve, on a goroutine
// of its own.
func listen(serve func(net.Conn)) (*listener, error) {
	inner, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("dialtest: %w", err)
	}
	l := &listener{Listener: inner, done: make(chan struct{}), conns: make(map[chan struct{}]net.Conn)}
	go l.accept(serve)
	return l, nil
}

func (l *listener) accept(serve func(net.Conn)) {
	defer close(l.done)
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		l.mu.Lock()
		if conn.RemoteAddr().String() == l.marker {
			l.mu.Unlock()
			conn.Close()
			return
		}
		ended := l.enter(conn)
		l.mu.Unlock()
		go l.serve(conn, ended, serve)
	}
}

// run serves one connection on the caller's goroutine.
func (l *listener) run(conn net.Conn, serve func(net.Conn)) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		conn.Close()
		return
	}
	ended := l.enter(conn)
	l.mu.Unlock()
	l.serve(conn, ended, serve)
}

// enter notes conn; mu is held.
func (l *listener) enter(conn net.Conn) (ended chan struct{}) {
	ended = make(chan struct{})
	l.conns[ended] = conn
	return ended
}

func (l *listener) serve(conn net.Conn, ended chan struct{}, serve func(net.Conn)) {
	defer func() {
		conn.Close()
		l.mu.Lock()
		delete(l.conns, ended)
		l.mu.Unlock()
		close(ended)
	}()
	serve(conn)
}

// grace is how long connections may go on when the listener closes. It lets
// what clients have sent before they closed come into the record.
const grace = 500 * time.Millisecond

// close returns when everything has ended; last is called before those are
// cut that have outstayed the grace.
func (l *listener) close(last func()) error {
	if !l.mark() {
		return nil
	}
	<-l.done
	err := l.Listener.Close()
	late := time.AfterFunc(grace, func() {
		last()
		l.hangUp()
	})
	defer late.Stop()
	for _, ended := range l.running() {
		<-ended
	}
	return err
}

// mark makes the connection behind which no more are accepted, so that none
// that a client has already made is lost. It reports whether it was the first
// to do so.
func (l *listener) mark() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.closed = true
	conn, err := net.DialTimeout("tcp4", l.Addr().String(), grace)
	if err != nil {
		l.Listener.Close()
		return true
	}
	l.marker = conn.LocalAddr().String()
	conn.Close()
	return true
}

func (l *listener) running() []chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.conns))
}

func (l *listener) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.conns {
		conn.Close()
	}
}

func (l *listener) addr() *net.TCPAddr { return l.Addr().(*net.TCPAddr) }

func (l *listener) endpoint(proto policy.Protocol, p policy.Policy) dial.Endpoint {
	return dial.Endpoint{Protocol: proto, Host: "127.0.0.1", Port: uint16(l.addr().Port), Policy: p}
}
