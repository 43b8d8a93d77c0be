package wire

import (
	"bytes"
	"net"
	"time"
)

// The content types of the first record that a TLS server may send (RFC 8446 §5.1).
const (
	recordAlert     = 0x15
	recordHandshake = 0x16
)

// FirstByte is a connection for tls.Client that checks the first byte from the
// server. If it does not begin a TLS record, Read returns a [*policy.Violation] with
// the given reason and what the server sent, and crypto/tls receives nothing.
type FirstByte struct {
	net.Conn
	reason error
	seen   bool     // the first byte was checked
	clear  *inClear // what came instead of TLS

	unsupported bool // now could not tell what has arrived
	now         *Now // reads Conn while Read must not wait
}

// inClear is what a server has said instead of beginning TLS.
type inClear struct {
	said   []byte // as far as it was read
	broken error  // the violation
}

// NewFirstByte wraps c. Nothing that belongs to TLS must have been read from c before.
func NewFirstByte(c net.Conn, reason error) *FirstByte {
	return &FirstByte{Conn: c, reason: reason}
}

func (c *FirstByte) Read(p []byte) (int, error) {
	if c.clear != nil {
		return 0, c.clear.broken
	}
	if c.now != nil {
		return c.readNow(p)
	}
	n, err := c.Conn.Read(p)
	if c.seen || n == 0 {
		return n, err
	}
	c.seen = true
	if p[0] == recordAlert || p[0] == recordHandshake {
		return n, err
	}
	said := c.readLine(p[:n])
	line, _, _ := bytes.Cut(said, []byte("\n"))
	c.clear = &inClear{said, Violation(c.reason, string(line))}
	return 0, c.clear.broken
}

// Said returns what the server said in the clear instead of beginning TLS, as far as
// it was read.
func (c *FirstByte) Said() []byte {
	if c.clear == nil {
		return nil
	}
	return c.clear.said
}

// restTimeout bounds the wait for the rest of a line that a server sent in the
// clear. The line only makes the error more useful.
const restTimeout = 500 * time.Millisecond

// readLine reads on to the end of the line that begins with b, if it comes soon.
func (c *FirstByte) readLine(b []byte) []byte {
	b = bytes.Clone(b)
	c.SetReadDeadline(time.Now().Add(restTimeout))
	for len(b) < maxText && bytes.IndexByte(b, '\n') < 0 {
		var more [128]byte
		n, err := c.Conn.Read(more[:])
		if b = append(b, more[:n]...); err != nil {
			break
		}
	}
	return b
}

// SpeaksTLS reports whether first, which should begin a greeting, begins a TLS record.
func SpeaksTLS(first [2]byte) bool {
	return (first[0] == recordAlert || first[0] == recordHandshake) && first[1] == 3
}

var _ net.Conn = (*FirstByte)(nil)
