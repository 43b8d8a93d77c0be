package wire

import (
	"bytes"
	"net"
	"time"
)

// The first byte a TLS server may send: a handshake record or an alert.
const (
	recordAlert     = 0x15
	recordHandshake = 0x16
)

// FirstByte stands between a connection and tls.Client. If the first byte that
// arrives does not begin a TLS record, Read returns a [*policy.Violation] with
// the given reason and the server's words, and nothing reaches crypto/tls.
type FirstByte struct {
	net.Conn
	reason error
	seen   bool
	said   []byte
	broken error
}

// NewFirstByte wraps c, of which nothing may have been read ahead of TLS.
func NewFirstByte(c net.Conn, reason error) *FirstByte {
	return &FirstByte{Conn: c, reason: reason}
}

func (c *FirstByte) Read(p []byte) (int, error) {
	if c.broken != nil {
		return 0, c.broken
	}
	n, err := c.Conn.Read(p)
	if c.seen || n == 0 {
		return n, err
	}
	c.seen = true
	if p[0] == recordAlert || p[0] == recordHandshake {
		return n, err
	}
	c.said = c.readLine(p[:n])
	line, _, _ := bytes.Cut(c.said, []byte("\n"))
	c.broken = Violation(c.reason, string(line))
	return 0, c.broken
}

// Said returns what the server said in the clear instead of beginning TLS, as far as
// it was read.
func (c *FirstByte) Said() []byte { return c.said }

// wordsTime bounds the wait for the rest of what a server says in the clear:
// it only makes the error more useful.
const wordsTime = 500 * time.Millisecond

// readLine reads on to the end of the line that begins with b, if it comes soon.
func (c *FirstByte) readLine(b []byte) []byte {
	b = bytes.Clone(b)
	c.SetReadDeadline(time.Now().Add(wordsTime))
	for len(b) < maxText && bytes.IndexByte(b, '\n') < 0 {
		var more [128]byte
		n, err := c.Conn.Read(more[:])
		if b = append(b, more[:n]...); err != nil {
			break
		}
	}
	return b
}

// SpeaksTLS reports whether text that should have been a greeting is the
// beginning of a TLS record.
func SpeaksTLS(b []byte) bool {
	return len(b) > 1 && (b[0] == recordAlert || b[0] == recordHandshake) && b[1] == 3
}

var _ net.Conn = (*FirstByte)(nil)
