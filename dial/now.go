package dial

import "github.com/mailconn/mailconn/internal/wire"

var _ wire.NowReader = (*Conn)(nil)

// ReadNow reads what has arrived from the server, and does not wait for more. If that
// is nothing, it returns [os.ErrDeadlineExceeded]; if it cannot tell,
// [errors.ErrUnsupported]. A session whose protocol matches replies to commands by
// order alone calls it before each command: a reply that is there by then answers
// none. It must not be called while a Read is under way.
//
// Sockets tell at once what has arrived, and so does TLS over them. A connection of
// another kind, or on a system without such sockets, cannot tell.
func (c *Conn) ReadNow(p []byte) (int, error) {
	if c.hasUnread.Load() {
		if n := c.readUnread(p); n > 0 {
			return n, nil
		}
	}
	n, err := c.now.Read(c.inner(), p)
	if n > 0 && !c.spoken.Load() {
		c.spoken.Store(true)
	}
	return n, err
}
