// Package sessions begins a session of whichever protocol a connection is for,
// for tests that treat the three alike.
package sessions

import (
	"context"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// Session is what the clients of the three protocols have in common.
type Session interface {
	Security() dial.Security
	Err() error
	Abort() error
	Close() error
}

// Dial connects to an endpoint and begins a session.
func Dial(ctx context.Context, d *dial.Dialer, e dial.Endpoint, creds auth.Credentials) (Session, error) {
	conn, err := d.Dial(ctx, e)
	if err != nil {
		return nil, err
	}
	return New(ctx, conn, creds)
}

// New begins a session on conn.
func New(ctx context.Context, conn *dial.Conn, creds auth.Credentials) (Session, error) {
	switch conn.Endpoint().Protocol {
	case policy.IMAP:
		return session(imapconn.New(ctx, conn, &imapconn.Options{Auth: creds}))
	case policy.POP3:
		return session(pop3conn.New(ctx, conn, &pop3conn.Options{Auth: creds}))
	}
	return session(smtpconn.New(ctx, conn, &smtpconn.Options{Auth: creds}))
}

// session keeps a nil client from becoming an interface that is not nil.
func session[S Session](s S, err error) (Session, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Noop sends a command that changes nothing and waits for the server's answer.
func Noop(ctx context.Context, s Session) error {
	switch s := s.(type) {
	case *imapconn.Client:
		return s.Noop().Wait()
	case *pop3conn.Client:
		return s.Noop(ctx)
	}
	return s.(*smtpconn.Client).Noop()
}

// Quit ends a session as its protocol demands.
func Quit(ctx context.Context, s Session) error {
	defer s.Close()
	switch s := s.(type) {
	case *imapconn.Client:
		return s.Logout().Wait()
	case *pop3conn.Client:
		return s.Quit(ctx)
	}
	return s.(*smtpconn.Client).Quit(ctx)
}

// InClear lets credentials cross a connection without TLS, if they can be let.
func InClear(creds auth.Credentials) auth.Credentials {
	switch c := creds.(type) {
	case auth.Password:
		c.InsecureCleartext = true
		return c
	case auth.SASL:
		c.InsecureCleartext = true
		return c
	}
	return creds
}
