package serve

import (
	"io"
	"net"
	"sync"
	"time"
)

// Conn is the server's end of a client's connection, with a recorder on it.
//
// Writes are queued and never block: over a net.Pipe, which holds nothing, a
// server in the middle of its handshake flight and a client with an alert for
// it would otherwise wait for each other for ever.
type Conn struct {
	net.Conn
	Recorder *Recorder

	mu      sync.Mutex
	changed *sync.Cond
	queue   []byte
	busy    bool
	err     error // of the connection, or of closing it
}

// NewConn returns conn with a recorder on it. The caller must call End or Close.
func NewConn(conn net.Conn, rec *Recorder) *Conn {
	c := &Conn{Conn: conn, Recorder: rec}
	c.changed = sync.NewCond(&c.mu)
	go c.pump()
	return c
}

func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.Recorder.Received(p[:n])
	return n, err
}

func (c *Conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	c.Recorder.Sent()
	c.queue = append(c.queue, p...)
	c.changed.Broadcast()
	return len(p), nil
}

// SetWriteDeadline does nothing, as writes do not block.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// pump writes what is queued, until the connection ends.
func (c *Conn) pump() {
	var out []byte
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for len(c.queue) == 0 && c.err == nil {
			c.changed.Wait()
		}
		if c.err != nil {
			return
		}
		out, c.queue, c.busy = c.queue, out[:0], true
		c.mu.Unlock()
		_, err := c.Conn.Write(out)
		c.mu.Lock()
		c.busy = false
		c.fail(err)
	}
}

// fail keeps the first error; mu is held.
func (c *Conn) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.changed.Broadcast()
}

// flush waits until everything is written or cannot be.
func (c *Conn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.err == nil && (c.busy || len(c.queue) > 0) {
		c.changed.Wait()
	}
}

// Close closes the connection at once.
func (c *Conn) Close() error {
	c.mu.Lock()
	c.fail(net.ErrClosed)
	c.mu.Unlock()
	return c.Conn.Close()
}

// Finish says all that is queued, and that no more will come. It reports
// whether the client may still be heard.
func (c *Conn) Finish() bool {
	c.flush()
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if ok {
		half.CloseWrite() // fails after a reset, after which there may be more to read
	}
	return ok
}

// End is a server's farewell. Where the connection can be closed by halves it
// listens on until the client has closed too, so that the record is complete.
func (c *Conn) End() {
	listened := make(chan struct{})
	go func() {
		io.Copy(io.Discard, c)
		close(listened)
	}()
	if c.Finish() {
		<-listened
	}
	c.Close()
	<-listened
}

// Inside is a connection inside TLS, on which the recorder hears too.
type Inside struct {
	net.Conn
	Recorder *Recorder
}

func (s Inside) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	s.Recorder.Decrypted(p[:n])
	return n, err
}
