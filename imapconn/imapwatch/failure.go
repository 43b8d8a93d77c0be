package imapwatch

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/emersion/go-imap/v2"
	"github.com/mailconn/mailconn/dial"
)

// with sends a command with an extension if the server lists that, and again without it if
// the server does not understand it so. If it then does, no extension is used from then on.
func with[T any](s *session, extension imap.Cap, send func(use bool) (T, error)) (T, error) {
	use := !s.bare && s.client.Caps().Has(extension)
	data, err := send(use)
	refused, ok := err.(*imap.Error)
	if !use || !ok || refused.Type != imap.StatusResponseTypeBad {
		return data, err
	}
	data, err = send(false)
	s.bare = err == nil
	return data, err
}

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
	return s.ended(err)
}

// outage is failure for a command that every server can carry out: one that refuses it is in a
// state in which the session is of no use.
func (s *session) outage(err error) error {
	err = s.failure(err)
	if refused, ok := err.(*imap.Error); ok {
		return s.ended(refused)
	}
	return err
}

// ended returns the error of a session that ends for err.
func (s *session) ended(err error) error {
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

// ofSession reports whether an error of Handle is due to the end of the session.
func ofSession(err, over error) bool {
	var failed *dial.Error
	return errors.Is(err, over) || errors.As(err, &failed) && failed.Phase == dial.PhaseSession || errors.Is(err, net.ErrClosed)
}
