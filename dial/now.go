package dial

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

var _ wire.NowReader = (*Conn)(nil)

// nowTime is what a connection that is no socket gets to show what has arrived.
const nowTime = time.Millisecond

// ReadNow reads what has arrived from the server, and does not wait for more. If that
// is nothing, it returns [os.ErrDeadlineExceeded]. A session whose protocol matches
// replies to commands by order alone calls it before each command: a reply that is
// there by then answers none. It must not be called while a Read is under way.
//
// Sockets tell at once what has arrived, and so does TLS over them. A connection of
// another kind, or on a system without such sockets, is given a millisecond; if it has
// no deadlines either, ReadNow finds nothing.
func (c *Conn) ReadNow(p []byte) (int, error) {
	if c.hasUnread.Load() {
		if n := c.readUnread(p); n > 0 {
			return n, nil
		}
	}
	n, err := c.now.Read(c.inner(), p)
	if errors.Is(err, errors.ErrUnsupported) {
		n, err = c.readSoon(p)
	}
	if n > 0 && !c.spoken.Load() {
		c.spoken.Store(true)
	}
	return n, err
}

// readSoon reads what arrives in nowTime.
func (c *Conn) readSoon(p []byte) (int, error) {
	conn := c.inner()
	err := conn.SetReadDeadline(time.Now().Add(nowTime))
	if err != nil && !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, net.ErrClosed) {
		return 0, os.ErrDeadlineExceeded // without deadlines a read may wait for ever
	}
	defer conn.SetReadDeadline(c.readDeadline())
	return conn.Read(p)
}

// noteReadDeadline remembers the deadline for reads, which ReadNow has to set again.
func (c *Conn) noteReadDeadline(t time.Time) {
	var by int64
	if !t.IsZero() {
		by = t.UnixNano()
	}
	c.readBy.Store(by)
}

func (c *Conn) readDeadline() time.Time {
	if by := c.readBy.Load(); by != 0 {
		return time.Unix(0, by)
	}
	return time.Time{}
}
