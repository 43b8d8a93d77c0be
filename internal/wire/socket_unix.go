//go:build unix

package wire

import (
	"net"
	"syscall"
)

// socketOf returns the socket below c, or nil if there is none that can be looked
// at.
func socketOf(c net.Conn) syscall.RawConn {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// arrived reports, without waiting, whether a socket has something that was not
// read yet, or has ended.
func arrived(s syscall.RawConn) bool {
	quiet := false
	err := s.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR
	})
	return err != nil || !quiet
}
