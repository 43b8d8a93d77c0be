package script

import (
	"bufio"
	"bytes"
	"net"
	"sync"
	"time"
)

// backlog reads a connection as fast as the other side writes, so that a
// client over an unbuffered pipe is never held up by a server that speaks out
// of turn. It keeps the first bytes it saw.
type backlog struct {
	net.Conn
	mu    sync.Mutex
	more  sync.Cond
	buf   []byte
	first []byte
	err   error
	done  chan struct{}
}

func newBacklog(c net.Conn) *backlog {
	b := &backlog{Conn: c, done: make(chan struct{})}
	b.more.L = &b.mu
	go b.fill()
	return b
}

func (b *backlog) fill() {
	defer close(b.done)
	for {
		p := make([]byte, 4096)
		n, err := b.Conn.Read(p)
		b.mu.Lock()
		b.buf = append(b.buf, p[:n]...)
		if len(b.first) < 8 {
			b.first = append(b.first, p[:n]...)
		}
		b.err = err
		b.more.Broadcast()
		b.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (b *backlog) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.buf) == 0 && b.err == nil {
		b.more.Wait()
	}
	if len(b.buf) == 0 {
		return 0, b.err
	}
	n := copy(p, b.buf)
	b.buf = b.buf[n:]
	return n, nil
}

// pause waits, and reports whether the client is still there.
func (b *backlog) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-b.done:
		return false
	case <-t.C:
		return true
	}
}

// isTLS reports whether the client began with a TLS handshake.
func (b *backlog) isTLS() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.HasPrefix(b.first, []byte{0x16, 3})
}

// ahead is a connection of which some was read already.
type ahead struct {
	net.Conn
	in *bufio.Reader
}

func (a *ahead) Read(p []byte) (int, error) { return a.in.Read(p) }
