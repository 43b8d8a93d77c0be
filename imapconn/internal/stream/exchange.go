package stream

import (
	"context"
	"errors"
	"slices"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/internal/wire"
)

// ErrMailboxChanged is imapconn.ErrMailboxChanged.
var ErrMailboxChanged = errors.New("imapconn: another mailbox was selected during the loop")

// AnyMailbox is the epoch of an exchange that does not depend on what is selected.
const AnyMailbox = -1

// Begin sends the commands of an exchange, when its turn has come. epoch is what
// [Stream.Epoch] was when the mailbox was selected that they are for, or AnyMailbox.
func (s *Stream) Begin(ctx context.Context, x *commands.Exchange, requests []commands.Request, epoch int) error {
	if err := s.enter(ctx, x, requests, epoch); err != nil {
		return err
	}
	return s.send(ctx, x.Commands, requests)
}

// Extend sends more commands of an exchange, which may be over, unless they would have to
// wait: those that wait already come first.
func (s *Stream) Extend(ctx context.Context, x *commands.Exchange, requests []commands.Request, epoch int) (sent bool, err error) {
	var added []*commands.Command
	s.mu.Lock()
	atOnce := len(s.waiting.waiters) == 0 && (s.bulk.exchange == x || s.pending.None())
	if atOnce && s.over.Err() == nil && s.pending.Epoch == epoch {
		added = s.add(x, requests)
	}
	s.mu.Unlock()
	if added == nil {
		return false, nil
	}
	return true, s.send(ctx, added, requests)
}

// send writes commands of an exchange. An error of that ends the session.
func (s *Stream) send(ctx context.Context, list []*commands.Command, requests []commands.Request) error {
	err := commands.ErrContent // for a content that panics
	defer func() {
		if err != nil {
			s.end(err)
			s.conn.Abort()
		}
	}()
	if err = s.writeWatched(ctx, list, requests); err == nil {
		return nil
	}
	if !errors.Is(err, commands.ErrContent) {
		s.soon(&s.parked) // the reader may still find the server's last words
	}
	return s.end(err)
}

// enter waits for the turn of an exchange, and makes it the one that is under way.
func (s *Stream) enter(ctx context.Context, x *commands.Exchange, requests []commands.Request, epoch int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.awaitTurn(ctx); err != nil {
		return err
	}
	if epoch != AnyMailbox && s.pending.Epoch != epoch {
		return ErrMailboxChanged
	}
	s.add(x, requests)
	return nil
}

// add makes requests commands of an exchange, which is then under way. s.mu is held.
func (s *Stream) add(x *commands.Exchange, requests []commands.Request) (added []*commands.Command) {
	for _, r := range requests {
		s.pending.Tags++
		c := &commands.Command{Tag: s.pending.Tags, Name: r.Command, ByUID: r.UIDs != nil, Wanted: r.UIDs, Own: x, Writing: true, Answer: r.Answer}
		if len(r.Literals) > 0 {
			c.Consent = make(chan bool, 1)
		}
		if c.Answer == nil {
			c.Answer = new(commands.Answer)
		}
		added = append(added, c)
	}
	if s.bulk.exchange != x {
		s.bulk.exchange, x.Answered = x, make(chan struct{})
	}
	x.Commands = append(slices.DeleteFunc(x.Commands, func(c *commands.Command) bool { return c.Answer.Came }), added...)
	x.Left += len(added)
	s.pending.List = append(s.pending.List, added...)
	return added
}

// Epoch returns a number that changes when a mailbox is selected, or none.
func (s *Stream) Epoch() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending.Epoch
}

// AwaitAnswers waits until the commands of x are answered. If it returns an error, what still
// comes for x is dropped.
func (s *Stream) AwaitAnswers(ctx context.Context, x *commands.Exchange) error {
	select {
	case <-x.Answered:
		return nil
	case <-s.untilEnd():
	case <-ctx.Done():
	}
	select {
	case <-x.Answered: // ahead of the end
		return nil
	default:
	}
	return s.giveUp(ctx, x)
}

// giveUp gives x up, and returns why.
func (s *Stream) giveUp(ctx context.Context, x *commands.Exchange) error {
	s.Abandon(x)
	if over := s.over.Err(); over != nil {
		return over
	}
	return wire.ContextError(ctx)
}

// AwaitAnswer waits for one of the answers to the commands of x, whose progress is told, and
// reports whether it had not come before.
func (s *Stream) AwaitAnswer(ctx context.Context, x *commands.Exchange, a *commands.Answer) (waited bool, err error) {
	for {
		s.mu.Lock()
		came := a.Came
		s.mu.Unlock()
		if came {
			return waited, nil
		}
		waited = true
		select {
		case <-x.Progress:
			continue
		case <-s.untilEnd():
		case <-ctx.Done():
		}
		return waited, s.giveUp(ctx, x)
	}
}

// Abandon has what still comes for x be dropped.
func (s *Stream) Abandon(x *commands.Exchange) {
	s.mu.Lock()
	x.Take, x.Abandoned = nil, true
	s.mu.Unlock()
}

// Answers returns the answers to the commands of x that have come so far.
func (s *Stream) Answers(x *commands.Exchange) (all []commands.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range x.Commands {
		all = append(all, *c.Answer)
	}
	return all
}
