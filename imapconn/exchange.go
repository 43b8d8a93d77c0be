package imapconn

import (
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/internal/line/imap/message"
	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/wire"
)

// exchange is some commands of this package, sent in one write while no command of
// go-imap's client is pending, and their answers. While it is under way, the client sends
// nothing, and no code of the program is waited for: there is room for what was asked
// for, and the program gets it when all the commands are answered.
type exchange struct {
	// take is given what answers the commands, or why it cannot be read; nil has it
	// dropped. The contents of sections are the reader's: take keeps a copy. The
	// reader calls it with s.mu held.
	take func(f *message.Fetch, why error)
	hold int // how many bytes of bodies the answer for one message may have

	// data, if it is not nil, is given what else answers the commands, in the same way; FETCH
	// responses are among it only if fetches is set.
	data    func(b []byte, h response.Head)
	fetches bool

	commands  []*command
	answers   []answer      // of a command each
	left      int           // commands that are not answered yet
	kept      int           // bytes of the answers
	answered  chan struct{} // closed when none is left
	abandoned bool          // what still comes is dropped
}

// request is a command of an exchange.
type request struct {
	command  string     // its name, without UID
	text     string     // behind the tag
	uids     messageSet // the messages that it asks for
	literals []*literal
	tail     string // behind the last literal
}

// answer is the tagged response to a command.
type answer struct {
	came       bool
	refused    *imap.Error // nil: it is OK
	code, args string      // of a response code
}

// ErrMailboxChanged is the error of a loop during which the program, or another goroutine
// of it, has selected another mailbox, or none.
var ErrMailboxChanged = errors.New("imapconn: another mailbox was selected during the loop")

// anyMailbox is the epoch of an exchange that does not depend on what is selected.
const anyMailbox = -1

// begin sends the commands of an exchange, when its turn has come. epoch is what
// [stream.epoch] was when the mailbox was selected that they are for, or anyMailbox.
func (s *stream) begin(ctx context.Context, x *exchange, requests []request, epoch int) error {
	if err := s.enter(ctx, x, requests, epoch); err != nil {
		return err
	}
	err := errContent // for a content that panics
	defer func() {
		if err != nil {
			s.end(err)
			s.conn.Abort()
		}
	}()
	if requests[0].literals != nil {
		err = s.writeWatched(ctx, x, requests)
	} else {
		err = s.writeRequests(x, requests)
	}
	if err == nil {
		return nil
	}
	if !errors.Is(err, errContent) {
		s.within(s.parked) // the reader may still find the server's last words
	}
	return s.end(err)
}

// enter waits for the turn of an exchange, and makes it the one that is under way.
func (s *stream) enter(ctx context.Context, x *exchange, requests []request, epoch int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.awaitTurn(ctx); err != nil {
		return err
	}
	if epoch != anyMailbox && s.pending.epoch != epoch {
		return ErrMailboxChanged
	}
	x.answered = make(chan struct{})
	x.answers = make([]answer, len(requests))
	for _, r := range requests {
		s.pending.tags++
		x.commands = append(x.commands, &command{tag: s.pending.tags, name: r.command, wanted: r.uids, own: x, writing: true, consent: make(chan bool, 1)})
	}
	x.left = len(requests)
	s.bulk.exchange = x
	s.pending.list = append(s.pending.list, x.commands...)
	return nil
}

// expectAnswer begins the time of an answer, when there was none due before. s.mu is held.
func (s *stream) expectAnswer() {
	if s.clock.limit > 0 {
		s.clock.by = time.Now().Add(s.clock.limit)
	}
	if s.clock.away {
		s.guardAway()
	} else {
		s.setDeadline()
	}
}

// epoch returns a number that changes when a mailbox is selected, or none.
func (s *stream) epoch() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending.epoch
}

// awaitAnswers waits until the commands of x are answered. If it returns an error, what still
// comes for x is dropped.
func (s *stream) awaitAnswers(ctx context.Context, x *exchange) error {
	select {
	case <-x.answered:
		return nil
	case <-s.ended:
	case <-ctx.Done():
	}
	s.abandon(x)
	if over := s.over.Err(); over != nil {
		return over
	}
	return wire.ContextError(ctx)
}

// abandon has what still comes for x be dropped.
func (s *stream) abandon(x *exchange) {
	s.mu.Lock()
	x.take, x.abandoned = nil, true
	s.mu.Unlock()
}
