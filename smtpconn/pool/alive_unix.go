//go:build unix

package pool

import (
	"net"
	"syscall"
)

// alive looks at a connection on which nothing is due, without waiting: for what
// has arrived and was not read yet, so that smtpconn does not know it. It is over
// if the server has hung up, and as good as over if it has said something.
// Connections that are no sockets are taken to be alive.
func alive(c net.Conn) bool {
	s, ok := c.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	// Not raw.Read, which would wait for the read that is under way.
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR
	})
	return err == nil && quiet
}
