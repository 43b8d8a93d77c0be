package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// AbortConn is a connection that can also be closed without a close_notify alert.
type AbortConn interface {
	net.Conn
	Abort() error
}

// Guard is the connection that a session gives to its mail library. It keeps the
// deadlines that the library sets, and adds two limits: a reply must begin within a
// time of the last write, and a write must make progress. It remembers the first I/O
// error, which the libraries do not report.
//
// A write starts the time for a reply, and the first byte read stops it. So a dead
// server ends a command, and a server with nothing to say (IMAP IDLE) does not.
type Guard struct {
	conn  AbortConn
	reply time.Duration // limit of the wait for a reply
	write time.Duration // limit of the wait for a write to make progress

	first []byte // returned by Read before anything else; used by Read alone

	mu         sync.Mutex
	readBy     time.Time // the library's read deadline
	writeBy    time.Time // the library's write deadline
	replyBy    time.Time // our deadline for a reply; zero if none is due
	readTimer  timer     // these replace the deadlines of a connection without any
	writeTimer timer
	closed     bool
	firstErr   error
}

// NewGuard returns a Guard for c, from which first is read before the data of c. If
// reply or write is zero there is no such limit.
func NewGuard(c AbortConn, first []byte, reply, write time.Duration) *Guard {
	return &Guard{conn: c, first: first, reply: reply, write: write}
}

func (g *Guard) Read(p []byte) (int, error) {
	if len(g.first) > 0 {
		n := copy(p, g.first)
		g.first = g.first[n:]
		return n, nil
	}
	n, err := g.conn.Read(p)
	if n > 0 {
		g.disarm()
	}
	if err != nil {
		g.note(err)
	}
	return n, err
}

// ReadNow reads what has arrived, as [NowReader] says, if the connection under the
// guard can.
func (g *Guard) ReadNow(p []byte) (int, error) {
	conn, ok := g.conn.(NowReader)
	if !ok || len(g.first) > 0 {
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

// chunk is the number of bytes written under one deadline: the limit is on a stall,
// and not on a long message.
const chunk = 64 << 10

func (g *Guard) Write(p []byte) (int, error) {
	var done int
	for {
		part := p[done:min(done+chunk, len(p))]
		g.beforeWrite()
		n, err := g.conn.Write(part)
		done += n
		g.afterWrite()
		if err != nil {
			g.note(err)
			return done, err
		}
		if done == len(p) {
			return done, nil
		}
	}
}

// beforeWrite sets both deadlines. The one for the reply must be set by now, since
// the reply may be read before the write returns.
func (g *Guard) beforeWrite() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if g.write != 0 {
		g.setWrite(earlier(g.writeBy, now.Add(g.write)))
	}
	if g.reply != 0 {
		g.replyBy = now.Add(g.reply)
		g.setRead(earlier(g.readBy, g.replyBy))
	}
}

// afterWrite removes the deadline for writes, since crypto/tls may write later by
// itself (a key update), and restarts the time for a reply that has not begun.
func (g *Guard) afterWrite() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.write != 0 {
		g.setWrite(g.writeBy)
	}
	if !g.replyBy.IsZero() {
		g.replyBy = time.Now().Add(g.reply)
		g.setRead(earlier(g.readBy, g.replyBy))
	}
}

func (g *Guard) disarm() {
	if g.reply == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.replyBy.IsZero() {
		return
	}
	g.replyBy = time.Time{}
	g.setRead(g.readBy)
}

// setRead and setWrite set a deadline, with a timer if the connection does not
// support deadlines, as some tunnels do not.
func (g *Guard) setRead(t time.Time) error {
	if g.conn.SetReadDeadline(t) != nil {
		g.readTimer.set(t, g.expire)
	}
	return nil
}

func (g *Guard) setWrite(t time.Time) error {
	if g.conn.SetWriteDeadline(t) != nil {
		g.writeTimer.set(t, g.expire)
	}
	return nil
}

// expire ends a connection without deadlines whose time ran out.
func (g *Guard) expire() {
	g.note(os.ErrDeadlineExceeded)
	g.conn.Abort()
}

// timer calls a function at a deadline.
type timer struct{ t *time.Timer }

// set replaces the deadline. The zero time is none.
func (t *timer) set(at time.Time, f func()) {
	if t.t != nil {
		t.t.Stop()
		t.t = nil
	}
	if !at.IsZero() {
		t.t = time.AfterFunc(time.Until(at), f)
	}
}

// note remembers the first error, unless this side has closed the connection.
func (g *Guard) note(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.firstErr != nil {
		return
	}
	late := !g.replyBy.IsZero() && !time.Now().Before(g.replyBy)
	if late && errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("no reply within %v: %w", g.reply, err)
	}
	g.firstErr = err
}

// Err returns the first I/O error of the connection, and nil if there was none before
// Close or Abort.
func (g *Guard) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.firstErr
}

// Close closes the connection, over TLS with a close_notify alert.
func (g *Guard) Close() error {
	g.stop()
	return g.conn.Close()
}

// Abort closes the connection without a close_notify alert.
func (g *Guard) Abort() error {
	g.stop()
	return g.conn.Abort()
}

func (g *Guard) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.readTimer.set(time.Time{}, nil)
	g.writeTimer.set(time.Time{}, nil)
}

func (g *Guard) SetDeadline(t time.Time) error {
	if err := g.SetReadDeadline(t); err != nil {
		return err
	}
	return g.SetWriteDeadline(t)
}

func (g *Guard) SetReadDeadline(t time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.readBy = t
	return g.setRead(earlier(t, g.replyBy))
}

func (g *Guard) SetWriteDeadline(t time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writeBy = t
	return g.setWrite(t)
}

func (g *Guard) LocalAddr() net.Addr  { return g.conn.LocalAddr() }
func (g *Guard) RemoteAddr() net.Addr { return g.conn.RemoteAddr() }

// earlier returns the earlier of two deadlines. The zero time is no deadline.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

var _ net.Conn = (*Guard)(nil)
