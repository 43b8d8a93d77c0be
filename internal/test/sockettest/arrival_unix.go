//go:build unix

package sockettest

import (
	"net"
	"syscall"
	"testing"
)

// AwaitArrival waits until something is in the buffer of a socket, and leaves it there. The
// end of the connection is something too.
func AwaitArrival(t testing.TB, c net.Conn) {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err == nil {
		err = raw.Read(func(fd uintptr) bool {
			_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
			return err != syscall.EAGAIN
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}
