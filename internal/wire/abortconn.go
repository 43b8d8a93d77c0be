package wire

import "net"

// AbortConn is a connection that can also be closed without a close_notify alert.
type AbortConn interface {
	net.Conn
	Abort() error
}
