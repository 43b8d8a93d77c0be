package wire

import (
	"net"
	"sync"
)

// Feed is a Guard that is read from all the time, also while nothing is due.
// In protocols where replies are told apart only by their order, a reply that is
// there before its command was written is a lie or a mistake, and shifts all
// that follow: Feed tells that something is there, on every kind of connection,
// inside TLS too (whose own messages are no words of the server's).
//
// It begins with its first use, so that a session which is never used costs no
// goroutine, and reads ahead by two small buffers and no more.
type Feed struct {
	*Guard
	once sync.Once

	mu     sync.Mutex
	change sync.Cond
	data   []byte // not yet taken
	next   []byte // behind it, in another buffer; only if there is data
	err    error  // behind both; the last word
	closed bool
}

// NewFeed returns a Feed that does not read yet.
func NewFeed(g *Guard) *Feed {
	f := &Feed{Guard: g}
	f.change.L = &f.mu
	return f
}

// Begin begins to read, until the connection ends or is closed here. Read and
// Write begin it too.
func (f *Feed) Begin() {
	f.once.Do(func() { go f.run() })
}

// Write writes p. Whatever is said in reply is read as it comes.
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

// store hands over what was read, and returns when the other buffer is free:
// mostly at once, so that the goroutine need not be woken to read on.
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

// Read waits for something to be there.
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

// Ready reports whether a Read would return at once: the server has said
// something, or the connection has ended. Before the first use nothing is known.
func (f *Feed) Ready() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.data) > 0 || f.err != nil
}

// Close closes the connection with TLS's farewell.
func (f *Feed) Close() error {
	f.leave()
	return f.Guard.Close()
}

// Abort closes the connection at once.
func (f *Feed) Abort() error {
	f.leave()
	return f.Guard.Abort()
}

// leave lets go of who waits.
func (f *Feed) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed = true; f.err == nil {
		f.err = net.ErrClosed
	}
	f.change.Broadcast()
}
