//go:build !unix

package wire

import "net"

// socket is the socket below a connection. Here none can be looked at without
// reading from it.
type socket struct{}

func socketOf(net.Conn) *socket { return nil }

func (*socket) arrived() bool { return false }
