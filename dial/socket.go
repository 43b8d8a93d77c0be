package dial

import (
	"errors"
	"syscall"
)

var _ syscall.Conn = (*Conn)(nil)

// SyscallConn returns the socket below the connection, or an error that holds
// [errors.ErrUnsupported] if there is none, as in a tunnel. Inside TLS what is on
// the socket is encrypted, and whoever reads from it or writes to it breaks the
// connection: it is for looking, for example whether something has arrived.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if s, ok := c.raw.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}
