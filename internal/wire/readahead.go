package wire

import (
	"net"
	"sync"
)

// readAhead reads from a connection by a goroutine, so that it is known whether
// something has arrived.
type readAhead struct {
	conn net.Conn
	once sync.Once

	mu     sync.Mutex
	change sync.Cond
	base   []byte // where data begins when all was taken
	data   []byte // not yet taken
	err    error  // after data: the last word
	closed bool
}

// maxAhead bounds what is read and not yet taken: the replies to all commands
// that a session may have sent ahead, and what a hostile server may fill.
const maxAhead = 1 << 20

func newReadAhead(c net.Conn) *readAhead {
	r := &readAhead{conn: c, base: make([]byte, 0, readSize)}
	r.data = r.base
	r.change.L = &r.mu
	return r
}

func (r *readAhead) begin() {
	r.once.Do(func() { go r.run() })
}

func (r *readAhead) run() {
	var buf [readSize]byte
	for more := true; more; {
		n, err := r.conn.Read(buf[:])
		more = r.store(buf[:n], err)
	}
}

// store keeps what was read, and returns when there is room for more.
func (r *readAhead) store(p []byte, err error) (more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	r.data = append(r.data, p...)
	r.change.Broadcast()
	for len(r.data) >= maxAhead && !r.closed {
		r.change.Wait()
	}
	return r.err == nil
}

func (r *readAhead) read(p []byte) (int, error) {
	r.begin()
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.data) == 0 && r.err == nil {
		r.change.Wait()
	}
	if len(r.data) == 0 {
		return 0, r.err
	}
	full := len(r.data) >= maxAhead
	n := copy(p, r.data)
	if r.data = r.data[n:]; len(r.data) == 0 {
		r.data = r.base[:0]
	}
	if full {
		r.change.Broadcast()
	}
	return n, nil
}

// ready is for the goroutine that reads.
func (r *readAhead) ready() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.data) > 0 || r.err != nil
}

// letGo ends every wait.
func (r *readAhead) letGo() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed = true; r.err == nil {
		r.err = net.ErrClosed
	}
	r.change.Broadcast()
}
