package imapconn

import (
	"context"
	"errors"
	"slices"
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
	left      int           // commands that are not answered yet
	kept      int           // bytes of the answers
	answered  chan struct{} // closed when none is left
	progress  chan struct{} // told of each answer; nil if that does not matter
	abandoned bool          // what still comes is dropped
}

// request is a command of an exchange.
type request struct {
	command  string     // its name, without UID
	text     string     // behind the tag
	uids     messageSet // the messages that it asks for
	literals []*literal
	tail     string  // behind the last literal
	answer   *answer // what is given the answer, if the exchange's command is not to be asked
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
	return s.send(ctx, x.commands, requests)
}

// extend sends more commands of an exchange, which may be over, unless they would have to
// wait: those that wait already come first.
func (s *stream) extend(ctx context.Context, x *exchange, requests []request, epoch int) (sent bool, err error) {
	var added []*command
	s.mu.Lock()
	atOnce := len(s.waiting.waiters) == 0 && (s.bulk.exchange == x || s.pending.none())
	if atOnce && s.over.Err() == nil && s.pending.epoch == epoch {
		added = s.add(x, requests)
	}
	s.mu.Unlock()
	if added == nil {
		return false, nil
	}
	return true, s.send(ctx, added, requests)
}

// send writes commands of an exchange. An error of that ends the session.
func (s *stream) send(ctx context.Context, commands []*command, requests []request) error {
	err := errContent // for a content that panics
	defer func() {
		if err != nil {
			s.end(err)
			s.conn.Abort()
		}
	}()
	if err = s.writeWatched(ctx, commands, requests); err == nil {
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
	s.add(x, requests)
	return nil
}

// add makes requests commands of an exchange, which is then under way. s.mu is held.
func (s *stream) add(x *exchange, requests []request) (added []*command) {
	for _, r := range requests {
		s.pending.tags++
		c := &command{tag: s.pending.tags, name: r.command, wanted: r.uids, own: x, writing: true, consent: make(chan bool, 1), answer: r.answer}
		if c.answer == nil {
			c.answer = new(answer)
		}
		added = append(added, c)
	}
	if s.bulk.exchange != x {
		s.bulk.exchange, x.answered = x, make(chan struct{})
	}
	x.commands = append(slices.DeleteFunc(x.commands, func(c *command) bool { return c.answer.came }), added...)
	x.left += len(added)
	s.pending.list = append(s.pending.list, added...)
	return added
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
	select {
	case <-x.answered: // ahead of the end
		return nil
	default:
	}
	return s.giveUp(ctx, x)
}

// giveUp gives x up, and returns why.
func (s *stream) giveUp(ctx context.Context, x *exchange) error {
	s.abandon(x)
	if over := s.over.Err(); over != nil {
		return over
	}
	return wire.ContextError(ctx)
}

// awaitAnswer waits for one of the answers to the commands of x, whose progress is told.
func (s *stream) awaitAnswer(ctx context.Context, x *exchange, a *answer) error {
	for {
		s.mu.Lock()
		came := a.came
		s.mu.Unlock()
		if came {
			return nil
		}
		select {
		case <-x.progress:
			continue
		case <-s.ended:
		case <-ctx.Done():
		}
		return s.giveUp(ctx, x)
	}
}

// abandon has what still comes for x be dropped.
func (s *stream) abandon(x *exchange) {
	s.mu.Lock()
	x.take, x.abandoned = nil, true
	s.mu.Unlock()
}
