package deflate

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Conn is a connection that is compressed in both directions. What a server sends is
// inflated as it is read, so that compressed data takes no more memory than other data.
type Conn struct {
	wire.AbortConn
	in    inflater
	buf   [readSize]byte // what was read from the connection
	taken int64          // bytes read from it since the last call of Taken

	mu     sync.Mutex
	out    bytes.Buffer
	writer *flate.Writer // nil until a write is worth it
}

// readSize is how much is read at once.
const readSize = 8 << 10

var _ wire.AbortConn = (*Conn)(nil)

// New returns a Conn over c. behind has the compressed bytes that were read from c already.
func New(c wire.AbortConn, behind []byte) *Conn {
	return &Conn{AbortConn: c, in: inflater{bitReader: bitReader{in: behind}}}
}

// Read reads the server's data, inflated. It fails with a violation with reason
// policy.ErrMalformed if that is not compressed data, and with io.EOF after the server has
// ended it. After any other error Read may be called again.
func (c *Conn) Read(p []byte) (int, error) {
	for len(p) > 0 {
		n, err := c.in.read(p)
		switch {
		case n > 0:
			return n, nil
		case errors.Is(err, errCorrupt):
			v := wire.Violation(policy.ErrMalformed, "")
			v.Err = err
			return 0, v
		case err != nil:
			return 0, err
		}
		if n, err = c.AbortConn.Read(c.buf[:]); n == 0 {
			return 0, err
		}
		c.taken += int64(n)
		c.in.in = c.buf[:n]
	}
	return 0, nil
}

// Taken returns how many compressed bytes Read has read since the last call of Taken.
// The two may not be called at once.
func (c *Conn) Taken() int64 {
	n := c.taken
	c.taken = 0
	return n
}

// worthwhile is the length from which a write is worth the 800 KiB of memory of a
// flate.Writer. Until there is one, writes are sent uncompressed, in stored blocks.
const worthwhile = 4 << 10

// chunk is how much is compressed at once.
const chunk = 64 << 10

// Write compresses and sends p, flushed so that the server can inflate all of it.
func (c *Conn) Write(p []byte) (done int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for done < len(p) {
		part := p[done:min(done+chunk, len(p))]
		c.out.Reset()
		if err := c.compress(part); err != nil {
			return done, err
		}
		if _, err := c.AbortConn.Write(c.out.Bytes()); err != nil {
			return done, err
		}
		done += len(part)
	}
	return done, nil
}

func (c *Conn) compress(p []byte) (err error) {
	if c.writer == nil && len(p) < worthwhile {
		c.out.Write(storedBlock(len(p)))
		c.out.Write(p)
		c.out.Write(storedBlock(0)) // some servers hold back a block until the next one begins
		return nil
	}
	if c.writer == nil {
		if c.writer, err = flate.NewWriter(&c.out, flate.BestSpeed); err != nil {
			return err
		}
	}
	if _, err := c.writer.Write(p); err != nil {
		return err
	}
	return c.writer.Flush()
}

// storedBlock returns the head of a stored block (RFC 1951 §3.2.4).
func storedBlock(n int) []byte {
	head := binary.LittleEndian.AppendUint16([]byte{0}, uint16(n))
	return binary.LittleEndian.AppendUint16(head, ^uint16(n))
}
