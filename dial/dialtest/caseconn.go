package dialtest

import (
	"bytes"
	"net"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
)

// caseConn is the server's end of a connection on which a case is played, with
// a recorder on it. It is used by one writer and one reader.
type caseConn struct {
	*net.TCPConn
	rec   *serve.Recorder
	reset bool
}

// Read records what the client sends. A handshake may begin with any line: the
// case knows whether it was asked for, the wire does not.
func (c *caseConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	b := p[:n]
	for len(b) > 0 {
		if serve.IsTLS(b[:min(2, len(b))]) {
			c.rec.ExpectTLS()
		}
		end := len(b)
		if i := bytes.Index(b, []byte("\n\x16\x03")); i >= 0 {
			end = i + 1
		}
		c.rec.Received(b[:end])
		b = b[end:]
	}
	return n, err
}

func (c *caseConn) Write(p []byte) (int, error) {
	c.rec.Sent()
	return c.TCPConn.Write(p)
}

// SetLinger makes Close a reset: that is what scripts want it for.
func (c *caseConn) SetLinger(sec int) error {
	c.reset = true
	return c.TCPConn.SetLinger(sec)
}

// Close says that no more will come, and goes on to listen: a client that keeps a
// wire hears what is said to a server that is gone.
func (c *caseConn) Close() error {
	if c.reset {
		return c.TCPConn.Close()
	}
	return c.CloseWrite()
}
