package imapwatch

import (
	"cmp"
	"context"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// box is a mailbox that is watched.
type box struct {
	name    string
	acked   Position    // what the program has
	lacking imap.UIDSet // messages that it was told of and does not have
	odd     imap.UIDSet // messages that cannot be had, which was told
	refused bool        // it cannot be selected, which was told
	looked  time.Time   // when it was last looked at as a whole
	asked   time.Time   // when it was last asked for by STATUS
	state   state       // of that look
	status  state       // by the last STATUS
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
	data, err := with(s, imap.CapCondStore, func(use bool) (*imap.SelectData, error) {
		return s.client.Select(b.name, &imap.SelectOptions{CondStore: use}).Wait()
	})
	if err != nil {
		return s.failure(err)
	}
	b.state = state{
		validity: data.UIDValidity,
		messages: data.NumMessages,
		next:     cmp.Or(data.UIDNext, b.status.next), // as Courier's SELECT does not tell it
		modSeq:   cmp.Or(data.HighestModSeq, b.status.modSeq),
	}
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
	s.current, s.back, s.left = b, s.left == b, nil
	return nil
}

// errNoValidity is the error of a mailbox of which the server does not tell what its UIDs
// belong to (RFC 9051 §2.3.1.1): it is not known whether they have become others.
var errNoValidity = &imap.Error{
	Type: imap.StatusResponseTypeNo,
	Code: imapconn.ResponseCodeUnreadable,
	Text: "SELECT was answered without UIDVALIDITY",
}

// reset has the program forget a mailbox whose UIDs have become others.
func (s *session) reset(ctx context.Context, b *box, validity uint32) error {
	switch {
	case validity == 0:
		return errNoValidity
	case !b.acked.begun || b.acked.validity == validity:
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
		if err := s.look(ctx, b); err != nil {
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
