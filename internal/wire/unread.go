package wire

import (
	"net"
	"sync"
	"sync/atomic"
)

// Unread is a connection from which something was read already. Its Read and ReadNow
// return that first, and may be called by several goroutines at once. It is used once
// Begin was called.
type Unread struct {
	net.Conn
	now    Now // reads Conn
	spoken atomic.Bool

	hasUnread atomic.Bool
	mu        sync.Mutex
	unread    []byte
}

var _ NowReader = (*Unread)(nil)

// Begin sets the connection, what was read from it and is to be read again, and whether
// the server has said anything over it.
func (b *Unread) Begin(c net.Conn, unread []byte, spoken bool) {
	b.Conn, b.unread = c, unread
	b.hasUnread.Store(len(unread) > 0)
	b.spoken.Store(spoken)
}

// Spoken reports whether the server has said anything over the connection.
func (b *Unread) Spoken() bool { return b.spoken.Load() }

// Read reads what the server says next.
func (b *Unread) Read(p []byte) (int, error) {
	if n := b.readUnread(p); n > 0 {
		return n, nil
	}
	n, err := b.Conn.Read(p)
	b.note(n)
	return n, err
}

// ReadNow reads what has arrived, as [NowReader] says.
func (b *Unread) ReadNow(p []byte) (int, error) {
	if n := b.readUnread(p); n > 0 {
		return n, nil
	}
	n, err := b.now.Read(b.Conn, p)
	b.note(n)
	return n, err
}

func (b *Unread) note(n int) {
	if n > 0 && !b.spoken.Load() {
		b.spoken.Store(true)
	}
}

func (b *Unread) readUnread(p []byte) int {
	if !b.hasUnread.Load() {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	n := copy(p, b.unread)
	b.unread = b.unread[n:]
	b.hasUnread.Store(len(b.unread) > 0)
	return n
}
