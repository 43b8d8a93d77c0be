//go:build !unix

package wire

import (
	"errors"
	"syscall"
)

type socket struct{}

// readSocket does not know how to read from a socket without waiting.
func (*Now) readSocket(syscall.Conn, []byte) (int, error) { return 0, errors.ErrUnsupported }
