//go:build !unix

package pool

import "net"

// alive cannot look here: that a connection is over is found when a message is
// not sent, which is then sent over another.
func alive(net.Conn) bool { return true }
