package wire

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
)

// NowReader is a connection that can be read without waiting.
type NowReader interface {
	// ReadNow reads what has arrived. If that is nothing, it returns
	// os.ErrDeadlineExceeded; if it cannot tell, errors.ErrUnsupported. With an empty p
	// it reads nothing, and returns an error only if it cannot tell.
	ReadNow(p []byte) (int, error)
}

// Now reads from one connection without waiting. The zero value is ready for use.
type Now struct{ socket *socket }

// Read reads what has arrived on c, as [NowReader] says. It knows sockets, on systems
// where they can be read so, and TLS over them. Other connections may have data that
// only their own Read finds.
func (n *Now) Read(c net.Conn, p []byte) (int, error) {
	switch c := c.(type) {
	case NowReader:
		return c.ReadNow(p)
	case *net.TCPConn:
		return n.readSocket(c, p)
	case *net.UnixConn:
		return n.readSocket(c, p)
	case *tls.Conn:
		below, ok := c.NetConn().(*FirstByte)
		switch {
		case ok && len(p) == 0:
			return n.Read(below.Conn, p)
		case ok:
			return below.readTLS(c, n, p)
		}
	}
	return 0, errors.ErrUnsupported
}

// readTLS reads what has arrived inside TLS, which may be buffered there already; now
// reads what is below. A record that is not complete has not arrived.
func (c *FirstByte) readTLS(above *tls.Conn, now *Now, p []byte) (int, error) {
	c.now, c.unsupported = now, false
	n, err := above.Read(p)
	c.now = nil
	if c.unsupported && errors.Is(err, os.ErrDeadlineExceeded) {
		err = errors.ErrUnsupported
	}
	return n, err
}

// readNow is Read for readTLS. Its error for nothing is one after which crypto/tls
// can go on.
func (c *FirstByte) readNow(p []byte) (int, error) {
	n, err := c.now.Read(c.Conn, p)
	if errors.Is(err, errors.ErrUnsupported) {
		c.unsupported, err = true, os.ErrDeadlineExceeded
	}
	return n, err
}

// source is what the buffer of a Reader reads from.
type source Reader

func (s *source) Read(p []byte) (int, error) {
	if !s.noWait {
		return s.src.Read(p)
	}
	return s.src.(NowReader).ReadNow(p)
}

// Arrived reports whether there is something to read: something is buffered, or has
// arrived, as far as Arrivals tells. The error is why nothing will arrive.
func (r *Reader) Arrived() (bool, error) {
	if r.br.Buffered() > 0 || !r.Arrivals {
		return r.br.Buffered() > 0, nil
	}
	r.noWait = true
	_, err := r.br.Peek(1)
	r.noWait = false
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, errors.ErrUnsupported):
		return false, nil
	}
	return false, Ended(err)
}
