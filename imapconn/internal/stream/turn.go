package stream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/internal/line/imap/message"
	"github.com/mailconn/mailconn/internal/wire"
)

// waitList has the exchanges, and the command of go-imap's client, that wait to be sent, in the
// order in which they came. An exchange is sent when no command is pending, and a command
// when no exchange is under way. The client sends one command at a time.
type waitList struct{ waiters []*waiter }

// waiter is one of them. It has a size, so that no two have the same address.
type waiter struct{ _ byte }

// join adds one at the end.
func (q *waitList) join() *waiter {
	w := new(waiter)
	q.waiters = append(q.waiters, w)
	return w
}

// leave takes one out.
func (q *waitList) leave(w *waiter) {
	q.waiters = slices.DeleteFunc(q.waiters, func(other *waiter) bool { return other == w })
}

// overtake lets one go ahead of those that came before it. They go on waiting, without a
// place.
func (q *waitList) overtake(w *waiter) {
	q.waiters = q.waiters[max(0, slices.Index(q.waiters, w)):]
}

// behind reports whether one has to wait for another that came before it.
func (q *waitList) behind(w *waiter) bool { return slices.Index(q.waiters, w) > 0 }

// ErrIdle is imapconn.ErrIdle.
var ErrIdle = errors.New("imapconn: an IDLE is open; close it first")

// settling is how long an exchange that waits leaves the program to close an IDLE, how long a
// command that waits behind it leaves the program to read the answer to another, and how long
// the reader leaves the program to make room for what was asked for.
const settling = time.Second

// awaitTurn waits until no command is pending, but for no longer than an answer may
// take. s.mu is held.
func (s *Stream) awaitTurn(ctx context.Context) error {
	w := s.joinWaiting()
	defer s.leaveWaiting(w)
	var settled, expired bool
	defer context.AfterFunc(ctx, s.Wake)()
	defer time.AfterFunc(settling, func() { s.mark(&settled) }).Stop()
	if s.clock.limit > 0 {
		defer time.AfterFunc(s.clock.limit, func() { s.mark(&expired) }).Stop()
	}
	for {
		free := s.pending.None()
		switch {
		case s.over.Err() != nil:
			return s.over.Err()
		case ctx.Err() != nil:
			return wire.ContextError(ctx)
		case free && !s.waiting.behind(w):
			return nil
		case settled && s.pending.Idling():
			return ErrIdle
		case expired && s.bulk.exchange == nil && !free: // an exchange has a time of its own
			return s.busyError()
		}
		s.turn.Wait()
	}
}

// busyError is the error of an exchange that has waited for too long.
func (s *Stream) busyError() error {
	what := "a command"
	if len(s.pending.List) > 0 {
		what = s.pending.List[0].Name
	}
	return fmt.Errorf("imapconn: %s was under way for %v: %w", what, s.clock.limit, os.ErrDeadlineExceeded)
}

// giveWay has the client wait with a command while an exchange is under way, and until
// exchanges that came before have had their turn. They may be waiting for the answer to a
// command that the program does not read while this one waits: then it goes ahead.
// s.mu is held.
func (s *Stream) giveWay() {
	if s.bulk.exchange == nil && (len(s.waiting.waiters) == 0 || s.pending.HalfSent()) {
		return
	}
	w := s.joinWaiting()
	defer s.leaveWaiting(w)
	wake := time.AfterFunc(settling, s.Wake)
	defer wake.Stop()
	for s.over.Err() == nil && (s.bulk.exchange != nil || s.waiting.behind(w)) {
		if s.bulk.exchange == nil && s.clock.away && time.Since(s.clock.now) >= settling {
			s.waiting.overtake(w)
			return
		}
		s.turn.Wait()
		wake.Reset(settling)
	}
}

// brief is how long the reader leaves the program to make room while anything else waits to be
// sent: the program may be waiting for the answer to that.
const brief = settling / 20

// awaitRoom waits until x has room for a message that has come. It gives up after a while, as
// what follows may be for others. s.mu is held.
func (s *Stream) awaitRoom(x *commands.Exchange, f *message.Fetch) {
	full := func() bool { return x.Full != nil && !x.Abandoned && x.Full(f) }
	if !full() {
		return
	}
	var some, all bool
	defer time.AfterFunc(brief, func() { s.mark(&some) }).Stop()
	defer time.AfterFunc(settling, func() { s.mark(&all) }).Stop()
	for s.over.Err() == nil && full() && !all && !(some && len(s.waiting.waiters) > 0) {
		s.turn.Wait()
	}
	s.clock.now = time.Now()
}

// Wake has all that wait look again, as for room that an exchange has.
func (s *Stream) Wake() {
	s.mu.Lock()
	s.turn.Broadcast()
	s.mu.Unlock()
}

// joinWaiting adds one that waits. s.mu is held.
func (s *Stream) joinWaiting() *waiter {
	s.turn.Broadcast()
	return s.waiting.join()
}

// leaveWaiting takes one out that waits no more. s.mu is held.
func (s *Stream) leaveWaiting(w *waiter) {
	s.waiting.leave(w)
	s.turn.Broadcast()
}

// mark sets a flag, and has all that wait look again.
func (s *Stream) mark(flag *bool) {
	s.mu.Lock()
	*flag = true
	s.turn.Broadcast()
	s.mu.Unlock()
}
