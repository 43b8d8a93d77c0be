package wire

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// AbortConn is a connection that can be closed without a farewell.
type AbortConn interface {
	net.Conn
	Abort() error
}

// Guard is the connection that a session gives to its mail library. It keeps
// the deadlines that the library sets and adds two of its own: a reply must
// begin within a time of the last write, and a write must make progress. It
// remembers the first I/O error, because the libraries lose it.
//
// The time for a reply is armed by a write and disarmed by the first byte read,
// so a dead peer ends a command, while a quiet one (IMAP IDLE) may stay quiet.
type Guard struct {
	conn  AbortConn
	reply time.Duration
	write time.Duration

	first []byte // read before anything else; only the reader touches it

	mu       sync.Mutex
	readBy   time.Time // the library's
	writeBy  time.Time // the library's
	replyBy  time.Time // ours
	readBell alarm
	sendBell alarm
	closed   bool
	firstErr error
}

// NewGuard returns a guard whose first reads yield first. A reply or write of
// zero is no limit.
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

// chunk is how much is written under one deadline, so that the limit is on a
// stall and not on a long message.
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

// beforeWrite arms both limits. The one for the reply must be armed by now: the
// reply can be read before the write has returned.
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

// afterWrite takes our limit off the writing side, where crypto/tls may still
// have to answer a key update, and lets the time for a reply that has not
// begun run from here.
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

// setRead and setWrite set a deadline, by an alarm on connections that have no
// deadlines, as some tunnels have none.
func (g *Guard) setRead(t time.Time) error {
	if g.conn.SetReadDeadline(t) != nil {
		g.readBell.set(t, g.ring)
	}
	return nil
}

func (g *Guard) setWrite(t time.Time) error {
	if g.conn.SetWriteDeadline(t) != nil {
		g.sendBell.set(t, g.ring)
	}
	return nil
}

// ring ends a connection whose time is out.
func (g *Guard) ring() {
	g.note(os.ErrDeadlineExceeded)
	g.conn.Abort()
}

// alarm is a deadline for a connection that has none.
type alarm struct{ timer *time.Timer }

func (a *alarm) set(t time.Time, f func()) {
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	if !t.IsZero() {
		a.timer = time.AfterFunc(time.Until(t), f)
	}
}

// note remembers the first error, unless we closed the connection ourselves.
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

// Err returns the first I/O error of the connection, nil if there was none
// before it was closed from this side.
func (g *Guard) Err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.firstErr
}

// Close closes the connection with TLS's farewell.
func (g *Guard) Close() error {
	g.leave()
	return g.conn.Close()
}

// Abort closes the connection at once.
func (g *Guard) Abort() error {
	g.leave()
	return g.conn.Abort()
}

func (g *Guard) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.readBell.set(time.Time{}, nil)
	g.sendBell.set(time.Time{}, nil)
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

// earlier returns the earlier of two deadlines, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

var _ net.Conn = (*Guard)(nil)
