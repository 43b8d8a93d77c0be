package imapconn

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// clock is the time that the server has to get on with the answers that are due. It
// begins anew with every progress: a tagged answer, a message that was asked for, a
// piece of a body. It stands while the program keeps the reader waiting.
type clock struct {
	limit time.Duration // 0: none
	by    time.Time     // when the time is up; zero while nothing is due
	set   time.Time     // the connection's deadline
	now   time.Time     // when the reader was last seen
	away  bool          // the reader has gone: the client works on what it was given
	watch *time.Timer   // ends the session if it stays away while an answer is due

	chatter int64 // bytes since the last progress, beyond what compression explains
}

// patience is how long the reader may be away for each time before the clock stands.
const patience = time.Second

// progress begins the time anew, if an answer is due.
func (c *clock) progress(due bool) {
	c.chatter = 0
	if c.by = (time.Time{}); due && c.limit > 0 {
		c.by = c.now.Add(c.limit)
	}
}

// late reports whether the time is up.
func (c *clock) late() bool { return !c.by.IsZero() && !c.now.Before(c.by) }

// arrive notes that the client reads again.
func (s *stream) arrive() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.clock
	now := time.Now()
	if away := now.Sub(c.now); c.away && away > patience && !c.by.IsZero() {
		c.by = c.by.Add(away - patience)
	}
	c.now, c.away = now, false
	if c.watch != nil {
		c.watch.Stop()
	}
	s.pending.delivering = nil
	if c.late() {
		return s.lateError()
	}
	return nil
}

// leave notes that the client has something to do.
func (s *stream) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.away = true
	s.guardAway()
}

// guardAway has the session end if the reader stays away for as long as an answer may
// take, while another command than that whose answer is being read waits: the program
// has left an answer unread, or a handler of its blocks.
func (s *stream) guardAway() {
	c := &s.clock
	if !c.away || c.limit == 0 || s.over.Err() != nil || s.pending.dueBut(s.pending.delivering) == nil {
		return
	}
	if c.watch == nil {
		c.watch = time.AfterFunc(c.limit, s.stuck)
		return
	}
	c.watch.Reset(c.limit)
}

// stuck ends the session of a program that keeps the reader waiting.
func (s *stream) stuck() {
	s.mu.Lock()
	away := s.clock.away
	err := s.stuckError()
	s.mu.Unlock()
	if away {
		s.breakOff(err, s.conn.Abort)
	}
}

func (s *stream) stuckError() error {
	waits := "a command"
	if due := s.pending.dueBut(s.pending.delivering); due != nil {
		waits = due.name
	}
	what := "the answer to a command"
	switch {
	case s.handlers.blocked != "":
		what = "the handler " + s.handlers.blocked
	case s.pending.delivering != nil:
		what = "the answer to " + s.pending.delivering.name
	}
	return fmt.Errorf("%s has kept %s waiting for %v: %w", what, waits, s.clock.limit, os.ErrDeadlineExceeded)
}

// await sets the deadline for the next read.
func (s *stream) await() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over.Err() != nil {
		return s.over.Err()
	}
	if s.goodbye != nil && !s.goodbye.expected {
		return wire.Hangup(s.goodbye.text) // what has come with it was read
	}
	if s.clock.late() {
		return s.lateError()
	}
	if s.between() && s.give() {
		return errWoken
	}
	s.setDeadline()
	return nil
}

// slack is by how much the connection's deadline may be too early: a body begins the time
// anew with each piece, and a read that ends too early is begun again.
const slack = time.Second

func (s *stream) setDeadline() {
	c := &s.clock
	early := c.by.Sub(c.set)
	if early == 0 || early > 0 && early < slack && c.set.After(c.now) {
		return
	}
	c.set = c.by
	s.conn.SetReadDeadline(c.by)
}

// received notes that a read of n bytes has returned err, and reports whether to read
// again. A connection without deadlines was closed when the time was up.
func (s *stream) received(n int, err error) (again bool, _ error) {
	if n > 0 {
		s.observer.Heard()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.now = time.Now()
	switch {
	case n > 0:
		return false, s.inflated(n)
	case s.over.Err() != nil:
		return false, s.over.Err()
	case errors.Is(err, io.EOF):
		return false, err
	case err != nil && s.clock.late():
		return false, s.lateError()
	case s.between() && errors.Is(err, os.ErrDeadlineExceeded) && s.give():
		return false, errWoken
	case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
		return false, err
	}
	return true, nil // the deadline was an older one
}

// errWoken is the error of a read between two responses that was interrupted because
// there is something else for the client.
var errWoken = errors.New("imapconn: woken")

func (s *stream) lateError() error {
	what := "a command"
	if due := s.pending.due(); due != nil {
		what = due.name
	}
	return fmt.Errorf("no answer to %s within %v: %w", what, s.clock.limit, os.ErrDeadlineExceeded)
}
