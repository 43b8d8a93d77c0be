package wire

import (
	"net"
	"sync"
)

// Feed is a Guard that reads ahead, also while no reply is due. In protocols that
// match replies to commands by order alone, a reply that arrives before its command
// was written would be taken for the reply to a later command. Feed detects such a
// reply on every kind of connection. TLS messages without application data, such as
// session tickets, do not count.
//
// Feed starts its goroutine on first use, so that an unused session has none. It
// reads ahead by at most two small buffers.
type Feed struct {
	*Guard
	once sync.Once

	mu     sync.Mutex
	change sync.Cond
	data   []byte // read from the connection, and not yet returned by Read
	next   []byte // follows data, in the other buffer; empty if data is
	err    error  // ended the reading; returned after data and next
	closed bool   // Close or Abort was called
}

// NewFeed returns a Feed that has not begun to read.
func NewFeed(g *Guard) *Feed {
	f := &Feed{Guard: g}
	f.change.L = &f.mu
	return f
}

// Begin starts reading, until the connection ends or the Feed is closed. Read and
// Write start it too. Later calls do nothing.
func (f *Feed) Begin() {
	f.once.Do(func() { go f.run() })
}

// Write writes p to the connection, and starts reading.
func (f *Feed) Write(p []byte) (int, error) {
	f.Begin()
	return f.Guard.Write(p)
}

func (f *Feed) run() {
	var buf [2][readSize]byte
	for i, more := 0, true; more; i = 1 - i {
		n, err := f.Guard.Read(buf[i][:])
		more = f.store(buf[i][:n], err)
	}
}

// store makes p and err available to Read, and returns when the other buffer is
// free, which it usually is: then the goroutine goes on without being woken. It
// reports whether there is more to read.
func (f *Feed) store(p []byte, err error) (more bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
	if len(f.data) == 0 {
		f.data = p
	} else {
		f.next = p
	}
	f.change.Broadcast()
	for len(f.next) > 0 && !f.closed {
		f.change.Wait()
	}
	return f.err == nil
}

// Read reads what the server sent, and waits until there is something.
func (f *Feed) Read(p []byte) (int, error) {
	f.Begin()
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.data) == 0 && f.err == nil {
		f.change.Wait()
	}
	if len(f.data) == 0 {
		return 0, f.err
	}
	n := copy(p, f.data)
	if f.data = f.data[n:]; len(f.data) == 0 && len(f.next) > 0 {
		f.data, f.next = f.next, nil
		f.change.Broadcast()
	}
	return n, nil
}

// Ready reports whether Read would return at once, because the server has sent
// something or the connection has ended. Before the first use it is false.
func (f *Feed) Ready() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.data) > 0 || f.err != nil
}

// Close closes the connection, over TLS with a close_notify alert.
func (f *Feed) Close() error {
	f.stop()
	return f.Guard.Close()
}

// Abort closes the connection without a close_notify alert.
func (f *Feed) Abort() error {
	f.stop()
	return f.Guard.Abort()
}

// stop ends a Read and a store that wait.
func (f *Feed) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed = true; f.err == nil {
		f.err = net.ErrClosed
	}
	f.change.Broadcast()
}
