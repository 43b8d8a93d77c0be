package imapconn

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/wire"
)

// Err returns why the session has ended, and nil while it stands: a [*dial.Error]
// with phase [dial.PhaseSession]. Its chain holds a [*dial.Farewell] if the server
// closed the connection, a [*policy.Violation] if the server broke a rule,
// [os.ErrDeadlineExceeded] if a reply took too long or the program kept the session
// waiting for as long, the network's error, or [net.ErrClosed] if Logout, Close or
// Abort ended the session. Commands that the end has interrupted return the same
// error, as the package documentation says.
func (c *Client) Err() error { return c.stream.over.Err() }

// Abort closes the connection at once, and pending commands fail. It may be called at
// any time and from any goroutine, and does not wait.
func (c *Client) Abort() error { return c.stream.breakOff(session.Aborted, c.stream.conn.Abort) }

// Close closes the connection, over TLS with a close_notify, and pending commands
// fail. To end the session in IMAP's own way as well, call Logout().Wait() first. Close
// does not wait for the server, nor for the program: not for answers that it has left
// unread, and not for its handlers. On a session that has ended it does nothing.
func (c *Client) Close() error {
	err := c.stream.breakOff(c.stream.leaving(), c.stream.conn.Close)
	c.stream.within(c.inner.Closed())
	return err
}

// gaveUp is the reason of a session that go-imap's client has ended.
const gaveUp session.Closing = "go-imap has closed the connection: it could not write a command, or read an answer"

// leaving is the reason of a session that Close ends.
func (s *stream) leaving() session.Closing {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.goodbye != nil && s.goodbye.expected {
		return session.Logout
	}
	return session.Closed
}

// grace is how long the end of a session waits for the program: to read what it has
// begun to read, or to let go of a command that it is writing.
const grace = 250 * time.Millisecond

// end makes err the reason why the session has ended, unless there is one, and returns
// the reason. Any goroutine may call it that does not hold s.mu.
func (s *stream) end(err error) *dial.Error {
	over, first := s.over.SetFirst(s.session, err)
	if first {
		close(s.ended)
		s.mu.Lock()
		s.handlers.room.Broadcast()
		s.turn.Broadcast()
		s.mu.Unlock()
	}
	return over
}

// finish ends the session for an error of Read, and returns what the client gets. Its
// pending commands have the reason of the end by then.
func (s *stream) finish(p []byte, err error) (int, error) {
	over := s.over.Err()
	if over == nil {
		over = s.end(s.reason(err))
		s.conn.Abort()
	}
	s.park.Do(func() { close(s.parked) })
	if s.feed() {
		return copy(p, "+ \r\n"), nil
	}
	s.release()
	s.bar()
	return 0, over
}

// reason returns what an error of Read means for the session.
func (s *stream) reason(err error) error {
	s.mu.Lock()
	goodbye := s.goodbye
	s.mu.Unlock()
	over := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case over && goodbye != nil && goodbye.expected:
		return session.Logout
	case over && goodbye != nil:
		return wire.Hangup(goodbye.text)
	case !over || errors.Is(err, os.ErrDeadlineExceeded):
		return wire.Ended(err)
	case s.tail || s.numbers != nil || len(s.in.data()) > 0:
		part := s.in.data()
		return &wire.Closed{Partial: wire.Printable(string(part[:min(len(part), 100)])), Err: io.ErrUnexpectedEOF}
	}
	return wire.Ended(err)
}

// feed reports whether the client has to be told to go on with a literal that it waits
// to write, or with an IDLE, so that the next write fails and the command gets the reason
// of the end.
func (s *stream) feed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.pending.waiting()
	if s.fed || s.tail || c == nil || c.sasl {
		return false
	}
	s.fed = true
	return true
}

// release has the client give the reason of the end to all pending commands, and
// returns when they have it. They get it from a command whose write fails. A command
// that the program has not written to its end holds that up: release waits for no
// longer than the grace. So does an IDLE, until the client knows of the end: commands
// that were sent ahead of it get the client's own error.
func (s *stream) release() {
	s.mu.Lock()
	client := s.client
	if s.released {
		client = nil
	}
	s.released = s.released || client != nil
	pending := len(s.pending.list) > 0 && !s.pending.idles()
	if s.clock.watch != nil {
		s.clock.watch.Stop()
	}
	s.mu.Unlock()
	switch {
	case client != nil && !pending:
		close(s.free)
		return
	case client != nil:
		go func() {
			defer close(s.free)
			client.Noop()
		}()
	}
	s.within(s.free)
}

// bar lets no command begin from here until the client's reader has ended: the reader gives
// what is pending then an error of its own, without the reason. The lock is the one under
// which the client writes a command. While the program reads a body, or an IDLE runs, bar
// does nothing: the one may keep the reader for long, and during the other no command
// begins.
func (s *stream) bar() {
	s.mu.Lock()
	client := s.client
	if s.barred || s.tail || s.pending.idles() {
		client = nil
	}
	s.barred = true
	s.mu.Unlock()
	if client == nil {
		return
	}
	writing, ok := fieldOf[sync.Mutex](client, "encMutex")
	if !ok {
		return
	}
	release := func() {
		s.within(client.Closed())
		writing.Unlock()
	}
	if writing.TryLock() {
		go release()
		return
	}
	begun := make(chan struct{})
	go func() {
		writing.Lock()
		close(begun)
		release()
	}()
	s.within(begun)
}

// failed returns the error of a write on a session that has ended. The client then gives
// it to all pending commands, while its reader must not be sending to one of them: the
// reader is given a moment to come back.
func (s *stream) failed() error {
	s.within(s.parked)
	return s.over.Err()
}

// within waits for done, but not for longer than grace.
func (s *stream) within(done <-chan struct{}) {
	select {
	case <-done:
		return
	default:
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// letGo has the reader come back from where the program keeps it: it reads what the
// program has left unread of the answers to pending commands. A message that the
// program, or a handler of its, has taken is theirs: if they do not read on in it, the
// client's reader stays, and its goroutine. It reports whether commands wait.
func (s *stream) letGo() (waits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.pending.list {
		if c.drain != nil {
			go c.drain()
			c.drain = nil
		}
	}
	return len(s.pending.list) > 0
}

// breakOff ends the session from elsewhere than its reader. how closes the connection.
func (s *stream) breakOff(err error, how func() error) error {
	if s.over.Err() != nil {
		return nil
	}
	s.end(err)
	waits := s.letGo()
	failed := how()
	if waits {
		go s.release()
	}
	return failed
}

// serve sets the client whose commands get the reason of the session's end.
func (s *stream) serve(client *inner) {
	s.mu.Lock()
	s.client = client
	s.mu.Unlock()
	if s.over.Err() != nil {
		s.release()
	}
}
