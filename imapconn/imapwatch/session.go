package imapwatch

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	imapline "github.com/mailconn/mailconn/internal/line/imap"
	"github.com/mailconn/mailconn/internal/outage"
	"github.com/mailconn/mailconn/internal/unsolicited"
)

// session is one connection, from its login to its end.
type session struct {
	*conn
	client  *imapconn.Client
	view    view
	current *box      // the one that is selected, nil if it is none
	left    *box      // the one that Handle has left for another
	back    bool      // Handle had left the current one, and was told of nothing since
	limit   uint64    // how many messages a command is carried out for
	idles   bool      // the server has IDLE, and has not refused it
	bare    bool      // the server has not understood an extension that it lists
	polled  time.Time // when the mailboxes that are not watched by IDLE were asked for
	nudged  time.Time
	dead    atomic.Bool // the server did not answer when it was asked for a sign of life
}

// session connects, and watches until the connection ends, or looks once. Its error is an
// outage, which is a [*dial.Error], or that of a function of the Config.
func (c *conn) session(ctx context.Context, once bool) error {
	c.begun = time.Now()
	heard := newNews(c.others())
	client, err := imapconn.Dial(unsolicited.With(ctx, heard), c.Endpoint, c.options)
	if err != nil {
		return err
	}
	login := time.Now()
	defer client.Abort()
	defer context.AfterFunc(ctx, func() { client.Abort() })()
	if client.State() == imap.ConnStateNotAuthenticated {
		return outage.NewNoLogin(client.Security().Endpoint, c.options.Auth == nil, nil)
	}
	c.tries.LoggedIn()
	s := &session{conn: c, client: client, limit: uint64(imapline.MessageLimit(client.Capabilities())), idles: client.Caps().Has(imap.CapIdle)}
	s.view.news = heard
	err = s.run(ctx, once)
	if _, over := err.(*dial.Error); over && ctx.Err() != nil {
		err = s.ended(ctx.Err())
	}
	if time.Since(login) >= c.Stable {
		c.tries.Reset()
	}
	if once && ctx.Err() == nil {
		s.leave()
	}
	return err
}

// leaveTime bounds the farewell to a server.
const leaveTime = 5 * time.Second

func (s *session) leave() {
	defer time.AfterFunc(leaveTime, func() { s.client.Abort() }).Stop()
	s.client.Logout().Wait()
}

func (s *session) run(ctx context.Context, once bool) error {
	for _, b := range slices.Backward(s.boxes) { // so that the first stays selected
		if err := s.visit(ctx, b); err != nil {
			return err
		}
	}
	s.polled = time.Now()
	for !once {
		home := s.home()
		if home != nil && s.current != home {
			if err := s.visit(ctx, home); err != nil {
				return err
			}
			continue
		}
		if err := s.wait(ctx); err != nil {
			return err
		}
		if err := s.round(ctx); err != nil {
			return err
		}
	}
	return nil
}

// home returns the mailbox that is watched by IDLE: the first that can be selected.
func (s *session) home() *box {
	for _, b := range s.boxes {
		if !b.refused {
			return b
		}
	}
	return nil
}

// round looks at the mailboxes that are due: at the selected one if the server has told of
// something, at the others if STATUS does, and at each as a whole now and then.
func (s *session) round(ctx context.Context) error {
	poll := time.Since(s.polled) >= s.Poll
	if poll {
		s.polled = time.Now()
	}
	if b := s.current; b != nil {
		if err := s.tolerate(b, s.settle(ctx, b)); err != nil {
			return err
		}
	}
	for _, b := range s.boxes {
		recheck := !b.refused && time.Since(b.looked) >= s.distance(b)
		told := s.view.told(b.name) && time.Since(b.asked) >= s.MinDelay
		if !recheck && (!poll && !told || b == s.current) {
			continue
		}
		differs, err := s.differs(b)
		switch {
		case err != nil:
			return err
		case b == s.current && !differs:
			err = s.recheck(ctx, b)
		case recheck || differs:
			err = s.visit(ctx, b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// recheck looks at the selected mailbox as a whole. It is not selected anew, as what the
// server tells of it in that moment would be lost.
func (s *session) recheck(ctx context.Context, b *box) error {
	b.looked = time.Now()
	s.view.all, s.view.flags = true, true
	return s.tolerate(b, s.settle(ctx, b))
}

// differs reports whether a mailbox is to be selected: it could not be before, or is not as
// it was then. Of the selected one it is enough that its UIDs mean the same messages.
func (s *session) differs(b *box) (bool, error) {
	b.asked = time.Now()
	s.view.asking(b.name)
	defer s.view.answered(b.name)
	if b.refused {
		return true, nil
	}
	data, err := with(s, imap.CapCondStore, func(use bool) (*imap.StatusData, error) {
		options := &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true, HighestModSeq: use}
		return s.client.Status(b.name, options).Wait()
	})
	if err != nil {
		return false, s.tolerate(b, s.failure(err))
	}
	now := state{ // what is not told is taken to be as it was
		validity: cmp.Or(data.UIDValidity, b.state.validity),
		messages: b.state.messages,
		next:     cmp.Or(data.UIDNext, b.state.next),
		modSeq:   cmp.Or(data.HighestModSeq, b.state.modSeq),
	}
	if data.NumMessages != nil {
		now.messages = *data.NumMessages
	}
	b.status = now
	if b == s.current {
		return now.validity != b.state.validity, nil
	}
	return now != b.state, nil
}
