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
// From a connection that is a [NowReader], ReadNow reads when it is called. Any other
// is read from all the time, by a goroutine that begins with the first use and ends
// with the connection. Both see the words of a server inside TLS, and take no message
// of TLS itself for one.
//
// Read, ReadNow and Write may be called by one goroutine at a time.
type Feed struct {
	Guard
	ahead *readAhead // nil if the connection is a NowReader
}

var _ NowReader = (*Feed)(nil)

// NewFeed returns a Feed over c, with a limit of the wait for a write to make progress.
// Zero is no limit.
func NewFeed(c AbortConn, write time.Duration) *Feed {
	f := &Feed{Guard: Guard{conn: c, write: write}}
	if _, err := f.Guard.ReadNow(nil); errors.Is(err, errors.ErrUnsupported) {
		f.ahead = newReadAhead(&f.Guard)
	}
	return f
}

// ReadAhead makes the Feed read from now on, by a goroutine that ends with the
// connection, also while it writes: a server may then say more than the buffers on
// the way hold before it reads again.
func (f *Feed) ReadAhead() {
	if f.ahead == nil {
		f.ahead = newReadAhead(&f.Guard)
	}
	f.ahead.begin()
}

// Begin begins to read, if the connection is no NowReader.
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
	if f.ahead != nil {
		return f.ahead.read(p)
	}
	return f.Guard.Read(p)
}

// ReadNow reads what has arrived. If that is nothing, it returns
// os.ErrDeadlineExceeded.
func (f *Feed) ReadNow(p []byte) (int, error) {
	switch {
	case f.ahead == nil:
		return f.Guard.ReadNow(p)
	case !f.ahead.ready():
		return 0, os.ErrDeadlineExceeded
	}
	return f.ahead.read(p)
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
