package servers

import (
	"net"
	"time"

	"github.com/mailconn/mailconn/internal/test/sockettest"
)

// Far returns an address that leads to addr over a long line: whatever is sent
// in either direction arrives after the delay, as fast as it was sent.
func (l *Lab) Far(addr string, delay time.Duration) string {
	l.t.Helper()
	listener, err := net.Listen("tcp", loopback+":0")
	check(l.t, err)
	sockettest.Serve(l.t, listener, func(client net.Conn) { sockettest.Lead(client, addr, delay) })
	return listener.Addr().String()
}
