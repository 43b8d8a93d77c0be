package stream

import (
	"fmt"
	"os"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
)

// maxHandlers is how many calls of the program's handler for FETCH may be under way.
const maxHandlers = 64

// handlers are the calls of the program's handlers that are under way.
type handlers struct {
	fetch   func(*imapclient.FetchMessageData) // the program's; may be nil
	fetches int32                              // calls of it that have begun or will
	running int32                              // calls that have begun
	blocked string                             // the handler that the reader waits for
}

// Wrap returns handlers for go-imap's client that call those of the program. The
// client calls the one for FETCH in a goroutine for each response, and the others in
// its reader: a handler that blocks holds the reader up, and so all commands, until an
// answer would have been due.
func (s *Stream) Wrap(program *imapclient.UnilateralDataHandler) *imapclient.UnilateralDataHandler {
	wrapped := &imapclient.UnilateralDataHandler{Fetch: s.fetched}
	if program == nil {
		return wrapped
	}
	h := *program
	s.handlers.fetch = h.Fetch
	if h.Expunge != nil {
		wrapped.Expunge = func(n uint32) { s.call("Expunge", func() { h.Expunge(n) }) }
	}
	if h.Mailbox != nil {
		wrapped.Mailbox = func(d *imapclient.UnilateralDataMailbox) { s.call("Mailbox", func() { h.Mailbox(d) }) }
	}
	if h.Metadata != nil {
		wrapped.Metadata = func(mailbox string, entries []string) {
			s.call("Metadata", func() { h.Metadata(mailbox, entries) })
		}
	}
	return wrapped
}

// call calls a handler and waits for it, for as long as an answer may take and the
// session lasts.
func (s *Stream) call(name string, f func()) {
	s.setBlocked(name)
	defer s.setBlocked("")
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.guarded(name, f)
	}()
	var late <-chan time.Time
	if s.clock.limit > 0 {
		timer := time.NewTimer(s.clock.limit)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-done:
	case <-s.untilEnd():
	case <-late:
		s.end(fmt.Errorf("the handler %s has not returned within %v: %w", name, s.clock.limit, os.ErrDeadlineExceeded))
		s.conn.Abort()
	}
}

func (s *Stream) setBlocked(name string) {
	s.mu.Lock()
	s.handlers.blocked = name
	s.mu.Unlock()
}

// guarded calls a handler. If it panics, the session ends: the program cannot recover
// what happens in a goroutine that it has not begun.
func (s *Stream) guarded(name string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			s.end(fmt.Errorf("the handler %s has panicked: %v", name, v))
			s.conn.Abort()
		}
	}()
	f()
}

// fetched calls the handler for FETCH, and passes over what that leaves unread.
func (s *Stream) fetched(d *imapclient.FetchMessageData) {
	s.mu.Lock()
	s.handlers.running++
	s.mu.Unlock()
	defer s.returned()
	if s.handlers.fetch != nil {
		s.guarded("Fetch", func() { s.handlers.fetch(d) })
	}
	drainMessage(d)
}

// returned notes that a call of the handler for FETCH has ended.
func (s *Stream) returned() {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := &s.handlers
	h.running--
	h.fetches = max(h.fetches-1, h.running)
	s.turn.Broadcast()
}

// recount corrects the number of calls: the client may have given a response to a
// command that it was just about to send.
func (s *Stream) recount() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers.fetches = s.handlers.running
	s.turn.Broadcast()
}

// admit waits until another call of the handler for FETCH may begin. s.mu is held.
func (s *Stream) admit() error {
	h := &s.handlers
	if h.fetches < maxHandlers {
		h.fetches++
		return nil
	}
	recount := time.AfterFunc(grace, s.recount)
	defer recount.Stop()
	late := false
	if s.clock.limit > 0 {
		defer time.AfterFunc(s.clock.limit, func() { s.mark(&late) }).Stop()
	}
	for h.fetches >= maxHandlers && !late && s.over.Err() == nil {
		s.turn.Wait()
	}
	if late {
		return fmt.Errorf("%d calls of the handler Fetch have not returned within %v: %w", maxHandlers, s.clock.limit, os.ErrDeadlineExceeded)
	}
	h.fetches++
	return nil
}
