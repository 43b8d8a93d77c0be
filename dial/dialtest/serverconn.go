package dialtest

import (
	"io"
	"net"
	"sync"
	"time"
)

// tap is the server's end of a client's connection, with a recorder on it.
//
// Writes are queued and never block: over a net.Pipe, which holds nothing, a
// server in the middle of its handshake flight and a client with an alert for
// it would otherwise wait for each other for ever.
type serverConn struct {
	net.Conn
	rec *recorder

	mu      sync.Mutex
	changed *sync.Cond
	queue   []byte
	busy    bool
	err     error // of the connection, or of closing it
}

func newServerConn(conn net.Conn, rec *recorder) *serverConn {
	t := &serverConn{Conn: conn, rec: rec}
	t.changed = sync.NewCond(&t.mu)
	go t.pump()
	return t
}

func (t *serverConn) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.rec.received(p[:n])
	return n, err
}

func (t *serverConn) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return 0, t.err
	}
	t.rec.sent()
	t.queue = append(t.queue, p...)
	t.changed.Broadcast()
	return len(p), nil
}

// SetWriteDeadline does nothing, as writes do not block.
func (t *serverConn) SetWriteDeadline(time.Time) error { return nil }

// pump writes what is queued, until the connection ends.
func (t *serverConn) pump() {
	var out []byte
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		for len(t.queue) == 0 && t.err == nil {
			t.changed.Wait()
		}
		if t.err != nil {
			return
		}
		out, t.queue, t.busy = t.queue, out[:0], true
		t.mu.Unlock()
		_, err := t.Conn.Write(out)
		t.mu.Lock()
		t.busy = false
		t.fail(err)
	}
}

// fail keeps the first error; mu is held.
func (t *serverConn) fail(err error) {
	if t.err == nil {
		t.err = err
	}
	t.changed.Broadcast()
}

// flush waits until everything is written or cannot be.
func (t *serverConn) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.err == nil && (t.busy || len(t.queue) > 0) {
		t.changed.Wait()
	}
}

// Close closes the connection at once.
func (t *serverConn) Close() error {
	t.mu.Lock()
	t.fail(net.ErrClosed)
	t.mu.Unlock()
	return t.Conn.Close()
}

// finish says all that is queued, and that no more will come. It reports
// whether the client may still be heard.
func (t *serverConn) finish() bool {
	t.flush()
	half, ok := t.Conn.(interface{ CloseWrite() error })
	if ok {
		half.CloseWrite() // fails after a reset, behind which there may be more to read
	}
	return ok
}

// end is a server's farewell. Where the connection can be closed by halves it
// listens on until the client has closed too, so that the record is complete.
func (t *serverConn) end() {
	listened := make(chan struct{})
	go func() {
		io.Copy(io.Discard, t)
		close(listened)
	}()
	if t.finish() {
		<-listened
	}
	t.Close()
	<-listened
}

// secret reads from inside TLS, for the recorder too.
type recordedTLS struct {
	net.Conn
	rec *recorder
}

func (s recordedTLS) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	s.rec.decrypted(p[:n])
	return n, err
}
