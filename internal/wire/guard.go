package wire

import (
	"net"
	"sync"
	"time"
)

// Guard is the connection that a session gives to its mail library. It keeps the
// deadlines that the library sets, and adds two limits: a reply must begin within a
// time of the last write, and a write must make progress. It remembers the first I/O
// error, which the libraries do not report.
//
// A write starts the time for a reply, and the first byte read stops it. So a dead
// server ends a command, and a server with nothing to say (IMAP IDLE) does not.
//
// It is used once Begin was called.
type Guard struct {
	conn  AbortConn
	reply time.Duration // limit of the wait for a reply
	write time.Duration // limit of the wait for a write to make progress

	mu         sync.Mutex
	readBy     time.Time // the library's read deadline
	writeBy    time.Time // the library's write deadline
	replyBy    time.Time // our deadline for a reply; zero if none is due
	readTimer  timer     // these replace the deadlines of a connection without any
	writeTimer timer
	closed     bool
	firstErr   error
}

var _ net.Conn = (*Guard)(nil)

// Begin sets the connection and the limits. If reply or write is zero there is no such
// limit.
func (g *Guard) Begin(c AbortConn, reply, write time.Duration) {
	g.conn, g.reply, g.write = c, reply, write
}

func (g *Guard) Read(p []byte) (int, error) {
	n, err := g.conn.Read(p)
	if n > 0 {
		g.disarm()
	}
	if err != nil {
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

func (g *Guard) LocalAddr() net.Addr { return g.conn.LocalAddr() }

func (g *Guard) RemoteAddr() net.Addr { return g.conn.RemoteAddr() }
