package stream

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/wire"
)

// gaveUp is the reason of a session that go-imap's client has ended.
const gaveUp session.Closing = "go-imap has closed the connection: it could not write a command, or read an answer"

// leaving is the reason of a session that Close ends.
func (s *Stream) leaving() session.Closing {
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
func (s *Stream) end(err error) *dial.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	over, first := s.over.SetFirst(s.session, err)
	if first && s.ended != nil {
		close(s.ended)
	}
	s.turn.Broadcast()
	return over
}

// finish ends the session for an error of Read, and returns what the client gets. Its
// pending commands have the reason of the end by then.
func (s *Stream) finish(p []byte, err error) (int, error) {
	over := s.over.Err()
	if over == nil {
		over = s.end(s.reason(err))
		s.conn.Abort()
	}
	s.mark(&s.parked)
	if s.feed() {
		return copy(p, "+ \r\n"), nil
	}
	s.release()
	s.bar()
	return 0, over
}

// reason returns what an error of Read means for the session.
func (s *Stream) reason(err error) error {
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
func (s *Stream) feed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.pending.Waiting()
	if s.fed || s.tail || c == nil || c.SASL {
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
func (s *Stream) release() {
	s.mu.Lock()
	client := s.client
	if s.released {
		client = nil
	}
	s.released = s.released || client != nil
	pending := len(s.pending.List) > 0 && !s.pending.Idles()
	if s.clock.watch != nil {
		s.clock.watch.Stop()
	}
	s.mu.Unlock()
	switch {
	case client != nil && !pending:
		s.mark(&s.free)
		return
	case client != nil:
		go func() {
			defer s.mark(&s.free)
			client.Noop()
		}()
	}
	s.soon(&s.free)
}

// bar lets no command begin from here until the client's reader has ended: the reader gives
// what is pending then an error of its own, without the reason. The lock is the one under
// which the client writes a command. While the program reads a body, or an IDLE runs, bar
// does nothing: the one may keep the reader for long, and during the other no command
// begins.
func (s *Stream) bar() {
	s.mu.Lock()
	client := s.client
	if s.barred || s.tail || s.pending.Idles() {
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
// reader is given a moment to come back, and then what the program has left unread is read.
func (s *Stream) failed() error {
	if !s.soon(&s.parked) {
		s.letGo()
		s.soon(&s.parked)
	}
	return s.over.Err()
}

// soon waits until a flag is set that s.mu is held over, but not for longer than grace,
// and reports whether it is set.
func (s *Stream) soon(flag *bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *flag {
		return true
	}
	var expired bool
	defer time.AfterFunc(grace, func() { s.mark(&expired) }).Stop()
	for !*flag && !expired {
		s.turn.Wait()
	}
	return *flag
}

// within waits for done, but not for longer than grace, and reports whether it has come.
func (s *Stream) within(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// letGo has the reader come back from where the program keeps it: it reads what the
// program has left unread of the answers to pending commands. A message that the
// program, or a handler of its, has taken is theirs: if they do not read on in it, the
// client's reader stays, and its goroutine. It reports whether commands wait.
func (s *Stream) letGo() (waits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.pending.List {
		if c.Drain != nil {
			go c.Drain()
			c.Drain = nil
		}
	}
	return len(s.pending.List) > 0
}

// breakOff ends the session from elsewhere than its reader. how closes the connection.
func (s *Stream) breakOff(err error, how func() error) error {
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

// Err returns why the session has ended, and nil while it stands.
func (s *Stream) Err() error { return s.over.Err() }

// Abort ends the session at once.
func (s *Stream) Abort() error { return s.breakOff(session.Aborted, s.conn.Abort) }

// Shut ends the session with a close_notify, and waits a moment until the client's reader
// has ended, which closes readerEnded.
func (s *Stream) Shut(readerEnded <-chan struct{}) error {
	err := s.breakOff(s.leaving(), s.conn.Close)
	s.within(readerEnded)
	return err
}

// Serve sets the client whose commands get the reason of the session's end.
func (s *Stream) Serve(client *imapclient.Client) {
	s.mu.Lock()
	s.client = client
	s.mu.Unlock()
	if s.over.Err() != nil {
		s.release()
	}
}
