// Package session is the part of Dial and New that the sessions of all protocols have in
// common: it checks the options, makes the connection, and runs the beginning of the
// session, within one limit of time.
package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

// Start begins sessions of type C with options of type O.
type Start[C, O any] struct {
	Package string            // for errors: "imapconn"
	Speaks  []policy.Protocol // the protocols that the package speaks
	Dialer  *dial.Dialer      // nil means a zero one
	Auth    auth.Credentials  // nil means no login
	Invalid error             // of other options; nil if they are valid
	Options O                 // for Begin
	// Begin makes the client of a connection, and logs in.
	Begin func(context.Context, *dial.Conn, *dial.Setup, O) (C, error)
}

// Dial connects to e and begins a session. Every error is a [*dial.Error].
func (s Start[C, O]) Dial(ctx context.Context, e dial.Endpoint) (none C, err error) {
	if err := s.check(e); err != nil {
		return none, err
	}
	d := s.Dialer
	if d == nil {
		d = &dial.Dialer{}
	}
	var client C
	_, err = d.DialSetup(ctx, e, func(ctx context.Context, conn *dial.Conn, setup *dial.Setup) (err error) {
		client, err = s.Begin(ctx, conn, setup, s.Options)
		return err
	})
	if err != nil {
		return none, err
	}
	return client, nil
}

// New begins a session on conn, and closes conn on error. Every error is a
// [*dial.Error].
func (s Start[C, O]) New(ctx context.Context, conn *dial.Conn) (none C, err error) {
	if conn == nil {
		return none, &dial.Error{Phase: dial.PhaseConfig, Err: errors.New("nil connection")}
	}
	if err := s.check(conn.Endpoint()); err != nil {
		conn.Close()
		return none, err
	}
	var client C
	err = conn.Setup(ctx, func(ctx context.Context, setup *dial.Setup) (err error) {
		client, err = s.Begin(ctx, conn, setup, s.Options)
		return err
	})
	if err != nil {
		return none, err
	}
	return client, nil
}

// check returns the errors that can be found before any I/O. It leaves an unset protocol
// to the Dialer, which checks endpoints.
func (s Start[C, O]) check(e dial.Endpoint) error {
	err := auth.Check(s.Auth)
	if err == nil {
		err = s.Invalid
	}
	if err == nil && e.Protocol != 0 && !slices.Contains(s.Speaks, e.Protocol) {
		err = fmt.Errorf("%s does not speak %v", s.Package, e.Protocol)
		if other := speaker(e.Protocol); other != "" {
			err = fmt.Errorf("%w: package %s does", err, other)
		}
	}
	if err != nil {
		return &dial.Error{Phase: dial.PhaseConfig, Endpoint: e, Err: err}
	}
	return nil
}

// speaker returns the package that speaks a protocol, and "" if there is none.
func speaker(p policy.Protocol) string {
	switch p {
	case policy.IMAP:
		return "imapconn"
	case policy.POP3:
		return "pop3conn"
	case policy.Submission, policy.SMTP:
		return "smtpconn"
	}
	return ""
}

// ReplyTimeout returns the limit for an option ReplyTimeout: 5 minutes if the option is
// zero, and 0, which means no limit, if it is negative.
func ReplyTimeout(option time.Duration) time.Duration {
	if option == 0 {
		return 5 * time.Minute
	}
	return max(option, 0)
}
