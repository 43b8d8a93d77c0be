//go:build unix

package wire

import (
	"net"
	"syscall"
)

// socket is the socket below a connection, to be looked at.
type socket struct {
	raw   syscall.RawConn
	look  func(fd uintptr) // made once
	quiet bool             // of the last look
}

// socketOf returns the socket below c, or nil if there is none that can be looked
// at.
func socketOf(c net.Conn) *socket {
	s, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	k := &socket{raw: raw}
	k.look = func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		k.quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR
	}
	return k
}

// arrived reports, without waiting, whether the socket has something that was not
// read yet, or has ended.
func (k *socket) arrived() bool {
	k.quiet = false
	return k.raw.Control(k.look) != nil || !k.quiet
}
