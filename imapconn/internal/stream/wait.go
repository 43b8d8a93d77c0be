package stream

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// arrive notes that the client reads again.
func (s *Stream) arrive() error {
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
	s.pending.Delivering = nil
	if c.late() {
		return s.lateError()
	}
	return nil
}

// leave notes that the client has something to do.
func (s *Stream) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.away = true
	s.guardAway()
}

// guardAway has the session end if the reader stays away for as long as an answer may
// take, while another command than that whose answer is being read waits: the program
// has left an answer unread, or a handler of its blocks.
func (s *Stream) guardAway() {
	c := &s.clock
	if !c.away || c.limit == 0 || s.over.Err() != nil || s.pending.DueBut(s.pending.Delivering) == nil {
		return
	}
	if c.watch == nil {
		c.watch = time.AfterFunc(c.limit, s.stuck)
		return
	}
	c.watch.Reset(c.limit)
}

// stuck ends the session of a program that keeps the reader waiting.
func (s *Stream) stuck() {
	s.mu.Lock()
	away := s.clock.away
	err := s.stuckError()
	s.mu.Unlock()
	if away {
		s.breakOff(err, s.conn.Abort)
	}
}

func (s *Stream) stuckError() error {
	waits := "a command"
	if due := s.pending.DueBut(s.pending.Delivering); due != nil {
		waits = due.Name
	}
	what := "the answer to a command"
	switch {
	case s.handlers.blocked != "":
		what = "the handler " + s.handlers.blocked
	case s.pending.Delivering != nil:
		what = "the answer to " + s.pending.Delivering.Name
	}
	return fmt.Errorf("%s has kept %s waiting for %v: %w", what, waits, s.clock.limit, os.ErrDeadlineExceeded)
}

// await sets the deadline for the next read.
func (s *Stream) await() error {
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

func (s *Stream) setDeadline() {
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
func (s *Stream) received(n int, err error) (again bool, _ error) {
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

func (s *Stream) lateError() error {
	what := "a command"
	if due := s.pending.Due(); due != nil {
		what = due.Name
	}
	return fmt.Errorf("no answer to %s within %v: %w", what, s.clock.limit, os.ErrDeadlineExceeded)
}

// expectAnswer begins the time of an answer, when there was none due before. s.mu is held.
func (s *Stream) expectAnswer() {
	if s.clock.limit > 0 {
		s.clock.by = time.Now().Add(s.clock.limit)
	}
	if s.clock.away {
		s.guardAway()
	} else {
		s.setDeadline()
	}
}

// untilEnd returns a channel that is closed when the session has ended.
func (s *Stream) untilEnd() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		if s.ended = make(chan struct{}); s.over.Err() != nil {
			close(s.ended)
		}
	}
	return s.ended
}
