// Package play has what a case of the catalogue is played with, besides its script: the
// recorded connection, the answers that the script has not, and the transcript.
package play

import (
	"bytes"
	"net"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
)

// Conn is the server's end of a connection on which a case is played, with
// a recorder on it. It is used by one writer and one reader.
type Conn struct {
	*net.TCPConn
	Recorder *serve.Recorder
	reset    bool
}

// Read records what the client sends. A handshake may begin with any line: the
// case knows whether it was asked for, the wire does not.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	b := p[:n]
	for len(b) > 0 {
		if serve.IsTLS(b[:min(2, len(b))]) {
			c.Recorder.ExpectTLS()
		}
		end := len(b)
		if i := bytes.Index(b, []byte("\n\x16\x03")); i >= 0 {
			end = i + 1
		}
		c.Recorder.Received(b[:end])
		b = b[end:]
	}
	return n, err
}

func (c *Conn) Write(p []byte) (int, error) {
	c.Recorder.Sent()
	return c.TCPConn.Write(p)
}

// SetLinger makes Close a reset: that is what scripts want it for.
func (c *Conn) SetLinger(sec int) error {
	c.reset = true
	return c.TCPConn.SetLinger(sec)
}

// Close says that no more will come, and goes on to listen: a client that keeps a
// wire hears what is said to a server that is gone.
func (c *Conn) Close() error {
	if c.reset {
		return c.TCPConn.Close()
	}
	return c.CloseWrite()
}
