package fakenet

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipe returns the two ends of a connection to address. Unlike net.Pipe's it
// holds what is written until it is read, as a socket does: a server in the middle
// of a handshake and a client with an alert for it do not wait for each other.
// closed is called when the client closes its end.
func pipe(address string, closed func()) (client, server net.Conn) {
	a, inner := net.Pipe()
	b, outer := net.Pipe()
	go pump(outer, inner)
	go pump(inner, outer)
	remote, local := tcpAddr(address), tcpAddr("192.0.2.250:40000")
	return &end{a, local, remote, closed}, &end{b, remote, local, func() {}}
}

// end is one end of a pipe.
type end struct {
	net.Conn
	local, remote net.Addr
	closed        func()
}

func (e *end) Close() error {
	e.closed()
	return e.Conn.Close()
}

func (e *end) LocalAddr() net.Addr  { return e.local }
func (e *end) RemoteAddr() net.Addr { return e.remote }

// pump carries bytes from src to dst until either is closed.
func pump(dst, src net.Conn) {
	chunks := make(chan []byte, 1<<10)
	go func() {
		defer close(chunks)
		for {
			b := make([]byte, 32<<10)
			n, err := src.Read(b)
			if err != nil {
				return
			}
			chunks <- b[:n]
		}
	}()
	for b := range chunks {
		if _, err := dst.Write(b); err != nil {
			src.Close()
		}
	}
	dst.Close()
}

// packetConn is a connected socket for datagrams.
type packetConn struct {
	answer  func([]byte) [][]byte
	replies chan []byte
	done    chan struct{}
	end     func() // all reads
	closed  func()
}

var _ net.PacketConn = (*packetConn)(nil)

func newPacketConn(answer func([]byte) [][]byte, closed func()) *packetConn {
	c := &packetConn{answer: answer, replies: make(chan []byte, 1<<10), done: make(chan struct{}), closed: closed}
	c.end = sync.OnceFunc(func() { close(c.done) })
	return c
}

func (c *packetConn) Write(p []byte) (int, error) {
	if c.answer != nil {
		for _, reply := range c.answer(p) {
			c.replies <- reply
		}
	}
	return len(p), nil
}

func (c *packetConn) Read(p []byte) (int, error) {
	select {
	case reply := <-c.replies:
		return copy(p, reply), nil
	case <-c.done:
		return 0, net.ErrClosed
	}
}

func (c *packetConn) Close() error {
	c.closed()
	c.end()
	return nil
}

// SetDeadline knows only the deadline that has passed.
func (c *packetConn) SetDeadline(t time.Time) error {
	if !t.IsZero() && time.Until(t) <= 0 {
		c.end()
	}
	return nil
}

func (c *packetConn) SetReadDeadline(t time.Time) error  { return c.SetDeadline(t) }
func (c *packetConn) SetWriteDeadline(t time.Time) error { return os.ErrNoDeadline }
func (c *packetConn) LocalAddr() net.Addr                { return &net.UDPAddr{} }
func (c *packetConn) RemoteAddr() net.Addr               { return &net.UDPAddr{} }

func (c *packetConn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, err := c.Read(p)
	return n, c.RemoteAddr(), err
}

func (c *packetConn) WriteTo(p []byte, _ net.Addr) (int, error) { return c.Write(p) }

// readMessage reads a DNS message with its length before it; writeMessage writes
// one.
func readMessage(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	msg := make([]byte, int(length[0])<<8|int(length[1]))
	_, err := io.ReadFull(r, msg)
	return msg, err
}

func writeMessage(w io.Writer, msg []byte) error {
	_, err := w.Write(append([]byte{byte(len(msg) >> 8), byte(len(msg))}, msg...))
	return err
}
