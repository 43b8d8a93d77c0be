package dial

import (
	"errors"
	"net"
	"syscall"
)

var _ syscall.Conn = (*Conn)(nil)

// SyscallConn returns the TCP or Unix socket below the connection. If there is
// another connection below, as there is in a tunnel, the error holds
// [errors.ErrUnsupported]. It is for looking at the socket, for example whether
// something has arrived: inside TLS what is on it is encrypted, and reading from it,
// or writing to it, breaks the connection.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	switch raw := c.raw.(type) {
	case *net.TCPConn:
		return raw.SyscallConn()
	case *net.UnixConn:
		return raw.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
