package mailserver

import (
	"net"
	"sync"
)

// listener knows its open connections, so that it can end them and wait for
// the servers of them: neither library waits by itself.
type listener struct {
	net.Listener
	running sync.WaitGroup // the goroutine that accepts, and each connection until it is closed

	mu    sync.Mutex
	ended bool
	open  map[*conn]struct{}
}

// conn is a connection that its listener knows.
type conn struct {
	net.Conn
	once  sync.Once
	leave func()
}

func (l *listener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		raw.Close()
		return nil, net.ErrClosed
	}
	c := &conn{Conn: raw}
	c.leave = func() { l.left(c) }
	l.open[c] = struct{}{}
	l.running.Add(1)
	return c, nil
}

// Close is called by the server when it is done with the connection.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.leave)
	return err
}

func (l *listener) left(c *conn) {
	l.mu.Lock()
	delete(l.open, c)
	l.mu.Unlock()
	l.running.Done()
}

// end takes the network away from all connections and waits until the
// servers are done with them.
func (l *listener) end() {
	l.mu.Lock()
	l.ended = true
	l.Listener.Close()
	for c := range l.open {
		c.Conn.Close()
	}
	l.mu.Unlock()
	l.running.Wait()
}
