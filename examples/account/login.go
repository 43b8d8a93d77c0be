package main

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// login signs in to the server for reading, and shows what is there, and then to the one
// for sending.
func (s *setUp) login(ctx context.Context, read discover.Candidate) error {
	issuer := cmp.Or(read.Issuer, s.issuer)
	if issuer == "" || s.passwordFile != "" {
		return s.byPassword(ctx, read.Users)
	}
	err := s.byToken(ctx, issuer, read.Users)
	takesPasswords := read.Auth == nil || slices.Contains(read.Auth, discover.MethodPassword)
	if !errors.Is(err, oauth.ErrNoClient) || !takesPasswords || s.check {
		return err
	}
	s.tell("\nThe provider has a sign-in by OAuth, for which this program is not registered:\n    %v\nA password is tried instead.", err)
	return s.byPassword(ctx, read.Users)
}

// byPassword asks for the password, up to three times.
func (s *setUp) byPassword(ctx context.Context, users []string) error {
	var refused error
	for n := range 3 {
		var secret auth.Secret
		err := s.wait(func() (err error) {
			secret, err = s.password(ctx, users[0], s.passwordFile)
			return err
		})
		if err != nil {
			return cmp.Or(refused, err)
		}
		refused = s.byNames(ctx, users, secret)
		if !errors.Is(refused, auth.KindCredentials) || s.passwordFile != "" {
			return refused
		}
		if n < 2 {
			s.tell("The server does not accept this password. Type it again; some providers want one made for this program.")
		}
	}
	return refused
}

// byNames tries a password with each name that the user may have.
func (s *setUp) byNames(ctx context.Context, users []string, secret auth.Secret) (err error) {
	for i, user := range users {
		s.account.User = user
		err = s.sessions(ctx, auth.Password{User: user, Secret: secret})
		if !errors.Is(err, auth.KindCredentials) || i == len(users)-1 {
			return err
		}
		s.tell("The server does not know %s with this password; the next name is %s.", user, users[i+1])
	}
	return errors.New("no user name")
}

// sessions logs in to both servers.
func (s *setUp) sessions(ctx context.Context, creds auth.Credentials) error {
	n, achieved, err := s.count(ctx, creds)
	if err != nil {
		return err
	}
	s.tell("\n%d messages, read by %v", n, achieved)
	c, err := smtpconn.Dial(ctx, s.account.Send, &smtpconn.Options{Dialer: s.dialer, Auth: creds})
	if err != nil {
		return err
	}
	defer c.Abort()
	s.tell("Mail can be sent by %v", c.Security())
	return c.Quit(ctx)
}

// count returns how many messages there are.
func (s *setUp) count(ctx context.Context, creds auth.Credentials) (n int, achieved dial.Security, err error) {
	if s.account.Read.Protocol == policy.POP3 {
		c, err := pop3conn.Dial(ctx, s.account.Read, &pop3conn.Options{Dialer: s.dialer, Auth: creds})
		if err != nil {
			return 0, achieved, err
		}
		defer c.Abort()
		n, _, err := c.Stat(ctx)
		if err != nil {
			return 0, achieved, err
		}
		return n, c.Security(), c.Quit(ctx)
	}
	c, err := imapconn.Dial(ctx, s.account.Read, &imapconn.Options{Dialer: s.dialer, Auth: creds})
	if err != nil {
		return 0, achieved, err
	}
	defer c.Abort()
	box, err := c.Select("INBOX", nil).Wait()
	if err != nil {
		return 0, achieved, err
	}
	return int(box.NumMessages), c.Security(), c.Logout().Wait()
}
