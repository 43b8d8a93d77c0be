package imapwatch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/wire"
)

// box is a mailbox that is watched.
type box struct {
	name    string
	acked   Position  // what the program has
	refused bool      // it cannot be selected, which was told
	looked  time.Time // when it was last looked at as a whole
	state   state     // of that look
}

// state is what STATUS and SELECT tell of a mailbox.
type state struct {
	validity, messages uint32
	next               imap.UID
	modSeq             uint64
}

// visit selects a mailbox, and tells what has happened to it.
func (s *session) visit(ctx context.Context, b *box) error {
	err := s.open(ctx, b)
	if err == nil {
		err = s.settle(ctx, b)
	}
	return s.tolerate(b, err)
}

// open selects a mailbox. What the server tells from then on is heard; what it told before
// does not matter, as the mailbox will be looked at as a whole.
func (s *session) open(ctx context.Context, b *box) error {
	s.current, b.looked = nil, time.Now()
	data, err := s.client.Select(b.name, &imap.SelectOptions{CondStore: s.condStore()}).Wait()
	if err != nil {
		return s.failure(err)
	}
	b.state = state{data.UIDValidity, data.NumMessages, data.UIDNext, data.HighestModSeq}
	s.view.take()
	if err := s.reset(ctx, b, data.UIDValidity); err != nil {
		return err
	}
	known, highest := b.acked, data.HighestModSeq
	s.view = view{news: s.view.news, all: true, condStore: highest > 0, modSeq: highest}
	switch {
	case len(known.uids) == 0:
	case highest == 0 || known.modSeq == 0 || highest < known.modSeq:
		s.view.anyChanged = s.left != b // as it cannot be told
	case highest > known.modSeq:
		s.view.modSeq, s.view.flags = known.modSeq, true
	}
	s.current, s.left = b, nil
	return nil
}

// reset has the program forget a mailbox whose UIDs have become others.
func (s *session) reset(ctx context.Context, b *box, validity uint32) error {
	if !b.acked.begun || b.acked.validity == validity {
		return nil
	}
	return s.call(func() error {
		if len(b.acked.uids) > 0 {
			if s.Reset == nil {
				return &ResetError{b.name}
			}
			if err := s.Reset(ctx, b.name); err != nil {
				return &handlerError{b.name, err}
			}
		}
		return s.save(ctx, b, Position{begun: true, validity: validity})
	})
}

// maxLooks is how many looks at a mailbox may follow each other without a pause.
const maxLooks = 10

// settle looks at the selected mailbox, and tells of it, until the server tells of nothing
// more.
func (s *session) settle(ctx context.Context, b *box) error {
	for looks := 1; s.view.pending(); looks++ {
		if err := s.look(); err != nil {
			return err
		}
		if err := s.tell(ctx, b); err != nil || s.current == nil {
			return err
		}
		if looks%maxLooks == 0 {
			select {
			case <-time.After(s.MinDelay):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// tell gives Handle what has happened to the selected mailbox, if something has, and takes
// note that the program has it.
func (s *session) tell(ctx context.Context, b *box) error {
	c := s.change(b)
	c.have = func(uid imap.UID) error { return s.have(ctx, b, uid) }
	selected := s.view.selected()
	return s.call(func() error {
		if len(c.New)+len(c.Changed)+len(c.Vanished) > 0 {
			err := s.Handle(ctx, s.client, c)
			switch over := s.client.Err(); {
			case over != nil && (err == nil || ofSession(err, over)):
				return s.failure(over) // the change comes again
			case err != nil:
				return &handlerError{b.name, err}
			}
		}
		if s.view.selected() != selected {
			s.current, s.left = nil, b
		}
		if c.After.equal(b.acked) {
			return nil
		}
		return s.save(ctx, b, c.After)
	})
}

// have takes note that the program has a message of the change that is being told.
func (s *session) have(ctx context.Context, b *box, uid imap.UID) error {
	if over := s.client.Err(); over != nil {
		return over // the message comes again
	}
	p := b.acked
	if !p.begun {
		p = Position{begun: true, validity: b.state.validity, modSeq: s.view.modSeq}
	}
	return s.save(ctx, b, p.has(imap.UIDSet{{Start: uid, Stop: uid}}))
}

// change returns the difference between the view and what the program has.
func (s *session) change(b *box) Change {
	v, known := &s.view, b.acked
	c := Change{
		Mailbox: b.name, UIDValidity: b.state.validity,
		New: minus(v.uids, known.uids), Vanished: minus(known.uids, v.uids),
		After: Position{begun: true, validity: b.state.validity, modSeq: v.modSeq, uids: v.uids},
		tell:  s.tellOdd,
	}
	if !known.begun && s.SkipExisting {
		c.New = nil
	}
	if v.anyChanged {
		v.changed = v.uids
	}
	c.Changed = common(common(v.changed, known.uids), v.uids)
	v.changed, v.anyChanged = nil, false
	return c
}

// ofSession reports whether an error of Handle is due to the end of the session.
func ofSession(err, over error) bool {
	var failed *dial.Error
	return errors.Is(err, over) || errors.As(err, &failed) && failed.Phase == dial.PhaseSession || errors.Is(err, net.ErrClosed)
}

// tellOdd tells of a message that cannot be had.
func (s *session) tellOdd(odd *imapconn.MessageError) {
	if s.options.Notice != nil {
		s.options.Notice(imapconn.Notice{Dropped: odd, UID: odd.UID})
	}
}

// handlerError is an error of a function of the program. It is no outage, whatever it
// holds.
type handlerError struct {
	mailbox string
	err     error
}

func (e *handlerError) Error() string {
	return wire.Printable(fmt.Sprintf("imapwatch: %q: %v", e.mailbox, e.err))
}

func (e *handlerError) Unwrap() error { return e.err }

// equal reports whether two positions are the same.
func (p Position) equal(q Position) bool {
	return p.begun == q.begun && p.validity == q.validity && p.modSeq == q.modSeq && slices.Equal(p.uids, q.uids)
}
