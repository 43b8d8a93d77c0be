//go:build unix

package wire

import (
	"io"
	"os"
	"syscall"
)

// socket is a socket that the net package has set to return at once. What a read
// needs is part of it, so that a read costs no memory.
type socket struct {
	raw  syscall.RawConn
	read func(fd uintptr)
	p    []byte
	n    int
	err  error
}

func (n *Now) readSocket(c syscall.Conn, p []byte) (int, error) {
	s := n.socket
	if s == nil {
		raw, err := c.SyscallConn()
		if err != nil {
			return 0, err
		}
		s = &socket{raw: raw}
		s.read = func(fd uintptr) {
			for s.n, s.err = syscall.Read(int(fd), s.p); s.err == syscall.EINTR; {
				s.n, s.err = syscall.Read(int(fd), s.p)
			}
		}
		n.socket = s
	}
	if len(p) == 0 {
		return 0, nil
	}
	return s.readNow(p)
}

func (s *socket) readNow(p []byte) (int, error) {
	s.p = p
	err := s.raw.Control(s.read)
	s.p = nil
	switch {
	case err != nil:
		return 0, err
	case s.err == syscall.EAGAIN:
		return 0, os.ErrDeadlineExceeded
	case s.err != nil:
		return 0, os.NewSyscallError("read", s.err)
	case s.n == 0:
		return 0, io.EOF
	}
	return s.n, nil
}
