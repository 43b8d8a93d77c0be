package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// ReadNow reads what has arrived, as [NowReader] says, if the connection under the
// guard can.
func (g *Guard) ReadNow(p []byte) (int, error) {
	conn, ok := g.conn.(NowReader)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	n, err := conn.ReadNow(p)
	if n > 0 {
		g.disarm()
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, errors.ErrUnsupported) {
		g.note(err)
	}
	return n, err
}

// soon is how long [Guard.ReadSoon] waits.
const soon = time.Millisecond

// ReadSoon reads what has arrived on a connection for which ReadNow is not supported,
// by waiting a millisecond for it. If that is nothing, or the connection has no
// deadlines, it returns os.ErrDeadlineExceeded.
func (g *Guard) ReadSoon(p []byte) (int, error) {
	err := g.conn.SetReadDeadline(time.Now().Add(soon))
	if err != nil && !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, net.ErrClosed) {
		return 0, os.ErrDeadlineExceeded
	}
	n, err := g.conn.Read(p)
	g.mu.Lock()
	g.conn.SetReadDeadline(earlier(g.readBy, g.replyBy))
	g.mu.Unlock()
	if n > 0 {
		g.disarm()
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		g.note(err)
	}
	return n, err
}
