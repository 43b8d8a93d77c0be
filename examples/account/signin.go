package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// byToken signs in by OAuth, which asks the person only if there is no token for the
// account yet, or none that is good for anything.
func (s *setUp) byToken(ctx context.Context, issuer string, users []string) error {
	store, err := oauth.NewFileStore(s.tokens)
	if err != nil {
		return err
	}
	user := users[0]
	account, err := oauth.NewAccount(issuer, user, oauth.Config{Apps: s.apps, Store: store, Transport: s.transport()})
	if err != nil {
		return err
	}
	s.account.User, s.account.Issuer = user, issuer
	creds := auth.Token{User: user, Secret: account}
	err = s.sessions(ctx, creds)
	var consent *oauth.ConsentError
	if !errors.As(err, &consent) {
		return err
	}
	s.tell("\n%s", consent.Hint())
	if err := s.wait(func() error { return s.signIn(ctx, account) }); err != nil {
		return err
	}
	return s.sessions(ctx, creds)
}

// signIn asks the person to sign in, on another device or in a browser here.
func (s *setUp) signIn(ctx context.Context, account *oauth.Account) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	browser := func() (*oauth.SignIn, error) {
		return account.Browser(ctx, func(url string) error {
			s.tell("Open this page in a browser on this computer:\n    %s", url)
			return nil
		})
	}
	device := func() (*oauth.SignIn, error) {
		return account.Device(ctx, func(p oauth.DevicePrompt) error {
			s.tell("Open %s on any device, and enter the code %s there.", p.URL, p.Code)
			return nil
		})
	}
	first, second := device, browser
	if s.browser {
		first, second = browser, device
	}
	done, err := first()
	if errors.Is(err, oauth.KindUnsupported) {
		done, err = second()
	}
	if err != nil {
		return err
	}
	if done.Warning != nil {
		s.tell("Look: %v", done.Warning)
	}
	if !done.Lasting {
		s.tell("The provider wants you to sign in again whenever this token expires.")
	}
	return nil
}

// transport goes by the same name servers and roots as everything else.
func (s *setUp) transport() http.RoundTripper {
	t := &http.Transport{DialContext: s.find.NetDialer().DialContext, DisableKeepAlives: true}
	if s.find.Transport != nil {
		t.TLSClientConfig = s.find.Transport.TLSClientConfig
	}
	return t
}
