package servers

import (
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
)

// Far returns an address that leads to addr over a long line: whatever is sent
// in either direction arrives after the delay, as fast as it was sent.
func (l *Lab) Far(addr string, delay time.Duration) string {
	l.t.Helper()
	line, err := dialtest.NewNetwork(addr, dialtest.Plan{Latency: delay})
	check(l.t, err)
	l.t.Cleanup(func() { line.Close() })
	return line.Addr()
}
