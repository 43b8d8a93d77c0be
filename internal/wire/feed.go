package wire

import (
	"errors"
	"os"
)

// Feed is a Guard that tells whether the server has said something that was not
// read yet. Where replies are told apart only by their order, a reply that is
// there before its command was written would be taken for the reply to it.
//
// A connection that is a [NowReader] is looked at when Ready is called. Any other is
// read from all the time, by a goroutine that begins with the first use and ends with
// the connection. Both see the words of a server inside TLS, and take no message of
// TLS itself for one.
//
// Read, Write and Ready may be called by one goroutine at a time.
type Feed struct {
	*Guard
	ahead *readAhead // nil if the connection can be looked at
	seen  []byte     // found by a look, and not yet read
	buf   []byte     // of seen
	end   error      // found by a look: the last word
}

// NewFeed returns a Feed over g.
func NewFeed(g *Guard) *Feed {
	f := &Feed{Guard: g}
	if !f.look() {
		f.ahead = newReadAhead(g, nil, nil)
	}
	return f
}

// ReadAhead makes the Feed read from now on, by a goroutine that ends with the
// connection, also while it writes: a server may then say more than the buffers on
// the way hold before it reads again.
func (f *Feed) ReadAhead() {
	if f.ahead == nil {
		f.ahead = newReadAhead(f.Guard, f.seen, f.end)
		f.seen, f.buf, f.end = nil, nil, nil
	}
	f.ahead.begin()
}

// Begin begins to read, if the connection cannot be looked at.
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
	return f.Guard.Read(p)
}

// Ready reports whether a Read would return at once: the server has said
// something, or the connection has ended. It does not wait.
func (f *Feed) Ready() bool {
	if f.ahead != nil {
		return f.ahead.ready()
	}
	if len(f.seen) == 0 && f.end == nil {
		f.look()
	}
	return len(f.seen) > 0 || f.end != nil
}

// lookSize is how much a look reads: enough to say what it was.
const lookSize = 256

// look reads what has arrived, and reports whether the connection could be looked at.
func (f *Feed) look() bool {
	if f.buf == nil {
		f.buf = make([]byte, lookSize)
	}
	n, err := f.Guard.ReadNow(f.buf)
	f.seen = f.buf[:n]
	switch {
	case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
		return true
	case errors.Is(err, errors.ErrUnsupported):
		return false
	}
	f.end = err
	return true
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
