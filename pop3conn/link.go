package pop3conn

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// link is the connection of a session, under the session's limit of time.
type link struct {
	conn  nowConn
	limit time.Duration // for what is being waited for; zero means none
	left  time.Duration // of that
	held  bool          // left is not renewed
	came  int           // bytes of a message or a list since it was
}

type nowConn interface {
	net.Conn
	wire.NowReader
}

// expect begins a wait: all that is read from here on must arrive within the limit, so
// that a server which sends a byte now and then does not extend it. Only time that is
// spent in Read counts.
func (l *link) expect() {
	if !l.held {
		l.left, l.came = l.limit, 0
	}
}

// piece is after how many bytes of a message or a list the limit is renewed.
const piece = 16 << 10

// progress counts n bytes of a message or a list.
func (l *link) progress(n int) {
	if l.came += n; l.came >= piece {
		l.expect()
	}
}

// hold applies one limit to everything that is read until release.
func (l *link) hold() {
	l.expect()
	l.held = true
}

func (l *link) release() { l.held = false }

// Read reads from the connection, within what is left of the limit.
func (l *link) Read(p []byte) (int, error) {
	if l.limit > 0 {
		begin := time.Now()
		l.conn.SetReadDeadline(begin.Add(l.left))
		defer func() { l.left -= time.Since(begin) }()
	}
	n, err := l.conn.Read(p)
	if l.limit > 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("server was silent for %v: %w", l.limit, err)
	}
	return n, err
}

// ReadNow reads what has arrived, as [wire.NowReader] says. In the session, a
// connection that cannot tell is given a moment.
func (l *link) ReadNow(p []byte) (int, error) {
	n, err := l.conn.ReadNow(p)
	if guard, ok := l.conn.(*wire.Guard); ok && errors.Is(err, errors.ErrUnsupported) {
		return guard.ReadSoon(p)
	}
	return n, err
}

// Write writes to the connection.
func (l *link) Write(p []byte) (int, error) { return l.conn.Write(p) }
