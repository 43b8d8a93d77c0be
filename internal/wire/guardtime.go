package wire

import (
	"errors"
	"fmt"
	"os"
	"time"
)

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

// earlier returns the earlier of two deadlines. The zero time is no deadline.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
