// Package sockettest has what tests need where a connection must be a real one.
package sockettest

import (
	"net"
	"testing"
)

// Serve has serve called for each connection to l, in a goroutine of its own, until the
// test ends.
func Serve(t testing.TB, l net.Listener, serve func(net.Conn)) {
	t.Helper()
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
}
