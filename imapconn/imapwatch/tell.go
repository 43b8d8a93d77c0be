package imapwatch

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// telling is a Change that Handle is being told of. That of a Change which the program has
// made itself is nil, and takes note of nothing.
type telling struct {
	s     *session
	b     *box
	ctx   context.Context
	over  bool // Handle has returned
	noted bool // by handled
}

// tell gives Handle what has happened to the selected mailbox, if something has, and takes
// note that the program has it.
func (s *session) tell(ctx context.Context, b *box) error {
	c := s.change(b)
	s.back = false
	t := &telling{s: s, b: b, ctx: ctx}
	c.told = t
	selected := s.view.selected()
	defer func() { b.lacking = minus(s.view.uids, b.acked.uids) }()
	return s.call(func() error {
		if len(c.New)+len(c.Changed)+len(c.Vanished) > 0 {
			err := s.Handle(ctx, s.client, c)
			t.over = true
			var refused *refusal
			switch over := s.client.Err(); {
			case over != nil && (err == nil || ofSession(err, over)):
				return s.failure(over) // what is not noted comes again
			case errors.As(err, &refused):
				return refused.no
			case err != nil:
				return &handlerError{b.name, err}
			}
		}
		if s.view.selected() != selected {
			s.current, s.left = nil, b
		}
		if t.noted || c.After.equal(b.acked) {
			return nil
		}
		return s.save(ctx, b, c.After)
	})
}

// change returns the difference between the view and what the program has.
func (s *session) change(b *box) Change {
	v, known := &s.view, b.acked
	c := Change{
		Mailbox: b.name, UIDValidity: b.state.validity,
		New: minus(v.uids, known.uids), Vanished: minus(known.uids, v.uids),
		After: Position{begun: true, validity: b.state.validity, modSeq: v.modSeq, uids: v.uids},
	}
	if !known.begun && s.SkipExisting {
		c.New = nil
	}
	if v.anyChanged {
		v.changed = v.uids
	}
	c.Changed = common(common(v.changed, known.uids), v.uids)
	v.changed, v.anyChanged = nil, false
	if s.back && len(c.Changed)+len(c.Vanished)+len(minus(c.New, b.lacking)) == 0 {
		c.New, c.After = nil, c.After.Without(c.New) // Handle has just said that it could not have them
	}
	return c
}

// handled takes note of how far the program is.
func (t *telling) handled(p Position) error {
	switch {
	case t == nil:
		return nil
	case t.over:
		return errors.New("imapwatch: Handled was called after Handle had returned")
	case !p.begun || p.validity != t.b.state.validity:
		return errors.New("imapwatch: the position given to Handled is none of this mailbox")
	}
	err := t.s.save(t.ctx, t.b, p)
	t.noted = err == nil
	return err
}

// has takes note that the program has a message.
func (t *telling) has(uid imap.UID) error {
	if t == nil {
		return nil
	}
	p := t.b.acked
	if !p.begun {
		p = Position{begun: true, validity: t.b.state.validity, modSeq: t.s.view.modSeq}
	}
	return t.s.save(t.ctx, t.b, p.with(one(uid)))
}

// odd tells of a message that cannot be had, once for as long as it is there.
func (t *telling) odd(e *imapconn.MessageError) {
	if t == nil || t.s.options.Notice == nil || t.b.odd.Contains(e.UID) {
		return
	}
	t.b.odd = union(common(t.b.odd, t.s.view.uids), one(e.UID))
	t.s.options.Notice(imapconn.Notice{Dropped: e, UID: e.UID})
}
