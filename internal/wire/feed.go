package wire

import (
	"errors"
	"os"
	"time"
)

// Feed is a Guard that tells whether the server has said something that was not
// read yet. Where replies are told apart only by their order, a reply that is
// there before its command was written would be taken for the reply to it.
//
// A socket is looked at when Ready is called. Any other connection is read from
// all the time, by a goroutine that begins with the first use and ends with the
// connection. Both see the words of a server inside TLS, and take no message of
// TLS itself for one.
//
// Read, Write and Ready may be called by one goroutine at a time.
type Feed struct {
	*Guard
	socket  *socket // nil if ahead reads
	ahead   *readAhead
	layered bool   // something above the socket, TLS, may hold what it has read
	drained bool   // it holds nothing
	seen    []byte // found by a look, and not yet read
	buf     []byte // of seen
	end     error  // found by a look: the last word
}

// NewFeed returns a Feed over g. layered tells that something lies between the
// connection and its socket, as TLS does.
func NewFeed(g *Guard, layered bool) *Feed {
	f := &Feed{Guard: g, socket: socketOf(g.conn), layered: layered}
	if f.socket == nil {
		f.ahead = newReadAhead(g)
	}
	return f
}

// Begin begins to read, if there is no socket to look at.
func (f *Feed) Begin() {
	if f.ahead != nil {
		f.ahead.begin()
	}
}

// Write writes p.
func (f *Feed) Write(p []byte) (int, error) {
	f.Begin()
	return f.Guard.Write(p)
}

// Read waits for something to be there.
func (f *Feed) Read(p []byte) (int, error) {
	switch {
	case f.ahead != nil:
		return f.ahead.read(p)
	case len(f.seen) > 0:
		n := copy(p, f.seen)
		f.seen = f.seen[n:]
		return n, nil
	case f.end != nil:
		return 0, f.end
	}
	f.drained = false
	return f.Guard.Read(p)
}

// Ready reports whether a Read would return at once: the server has said
// something, or the connection has ended. It does not wait.
func (f *Feed) Ready() bool {
	if f.ahead != nil {
		return f.ahead.ready()
	}
	return len(f.seen) > 0 || f.end != nil || f.look()
}

// lookTime bounds the look at what has arrived: it may be a part of a TLS record,
// or a message of TLS itself, behind which no words come.
const lookTime = 100 * time.Millisecond

// lookSize is how much a look reads: enough to say what it was.
const lookSize = 256

// look reads what has arrived at the socket, or was left above it by the last
// read, and reports whether there was anything.
func (f *Feed) look() bool {
	by := time.Unix(1, 0) // in the past: what lies above the socket is read all the same
	if f.socket.arrived() {
		by = time.Now().Add(lookTime)
	} else if f.drained || !f.layered {
		return false
	}
	if f.buf == nil {
		f.buf = make([]byte, lookSize)
	}
	n, err := f.readBefore(by, f.buf)
	f.seen = f.buf[:n]
	if errors.Is(err, os.ErrDeadlineExceeded) {
		f.drained = n == 0
		err = nil
	}
	if f.end = err; err != nil {
		f.note(err)
	}
	return n > 0 || err != nil
}

// readBefore reads with a deadline that is not the session's.
func (f *Feed) readBefore(by time.Time, p []byte) (int, error) {
	f.conn.SetReadDeadline(by)
	n, err := f.conn.Read(p)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conn.SetReadDeadline(earlier(f.readBy, f.replyBy))
	return n, err
}

// Close closes the connection with TLS's farewell.
func (f *Feed) Close() error {
	f.letGo()
	return f.Guard.Close()
}

// Abort closes the connection at once.
func (f *Feed) Abort() error {
	f.letGo()
	return f.Guard.Abort()
}

func (f *Feed) letGo() {
	if f.ahead != nil {
		f.ahead.letGo()
	}
}
