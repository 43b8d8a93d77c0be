package imapwatch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
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
	idles   bool      // the server has IDLE, and has not refused it
	polled  time.Time // when the mailboxes that are not watched by IDLE were asked for
	nudged  time.Time
	dead    atomic.Bool // the server did not answer when it was asked for a sign of life
}

// session connects, and watches until the connection ends, or looks once. Its error is an
// outage, which is a [*dial.Error], or that of a function of the Config.
func (c *conn) session(ctx context.Context, once bool) error {
	c.begun = time.Now()
	heard := newNews()
	client, err := imapconn.Dial(unsolicited.With(ctx, heard), c.Endpoint, c.options)
	if err != nil {
		return err
	}
	login := time.Now()
	defer client.Abort()
	defer context.AfterFunc(ctx, func() { client.Abort() })()
	if client.State() == imap.ConnStateNotAuthenticated {
		return &dial.Error{Phase: dial.PhaseAuth, Endpoint: client.Security().Endpoint, Err: &noLogin{unset: c.options.Auth == nil}}
	}
	s := &session{conn: c, client: client, idles: client.Caps().Has(imap.CapIdle)}
	s.view.news = heard
	err = s.run(ctx, once)
	if _, over := err.(*dial.Error); over && ctx.Err() != nil {
		err = &dial.Error{Phase: dial.PhaseSession, Endpoint: client.Security().Endpoint, Err: ctx.Err()}
	}
	if time.Since(login) >= c.Stable {
		c.distances.Reset()
	}
	if once && ctx.Err() == nil {
		s.leave()
	}
	return err
}

// noLogin is why a session cannot select a mailbox: there was no login, and the greeting
// was not PREAUTH.
type noLogin struct {
	unset bool // there are no credentials
}

func (e *noLogin) Error() string {
	if e.unset {
		return "imapwatch: no mailbox can be selected without a login, and Options.Auth is nil"
	}
	return "imapwatch: no mailbox can be selected without a login, and the server offers none that Options.Auth can use"
}

// Hint returns what a person does about it.
func (e *noLogin) Hint() string {
	if e.unset {
		return "The server wants a login, and this program has no credentials for it: Options.Auth is nil. Set it."
	}
	return "The server offers no login, without which no mailbox can be watched: check host and port."
}

// permanent reports whether a person has to do something.
func permanent(failed *dial.Error) bool {
	var none *noLogin
	return outage.Permanent(failed) || errors.As(failed, &none)
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
		recheck := !b.refused && time.Since(b.looked) >= s.Recheck
		if !recheck && (!poll || b == s.current) {
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
	if b.refused {
		return true, nil
	}
	options := &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true, HighestModSeq: s.condStore()}
	data, err := s.client.Status(b.name, options).Wait()
	if err != nil {
		return false, s.tolerate(b, s.failure(err))
	}
	now := state{validity: data.UIDValidity, next: data.UIDNext, modSeq: data.HighestModSeq}
	if data.NumMessages != nil {
		now.messages = *data.NumMessages
	}
	if b == s.current {
		return now.validity != b.state.validity, nil
	}
	return now != b.state, nil
}

func (s *session) condStore() bool { return s.client.Caps().Has(imap.CapCondStore) }

// failure returns the error of a command: that of the end of the session if it has ended,
// and else a *imap.Error of the server's.
func (s *session) failure(err error) error {
	over := s.client.Err()
	refused, ok := err.(*imap.Error)
	switch {
	case err == nil:
		return nil
	case s.dead.Load():
		err = fmt.Errorf("no sign of life within %v: %w", signTime, os.ErrDeadlineExceeded)
	case over != nil:
		return over
	case ok:
		return refused
	}
	return &dial.Error{Phase: dial.PhaseSession, Endpoint: s.client.Security().Endpoint, Err: err}
}

// tolerate takes note of whether a mailbox could be looked at. What the server refuses
// ends nothing.
func (s *session) tolerate(b *box, err error) error {
	refused, ok := err.(*imap.Error)
	if !ok {
		b.refused = b.refused && err != nil
		return err
	}
	if s.current == b {
		s.current = nil
	}
	if !b.refused && s.Refused != nil {
		s.call(func() error {
			s.Refused(b.name, refused)
			return nil
		})
	}
	b.refused = true
	return nil
}
