package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"golang.org/x/oauth2"

	"github.com/mailconn/mailconn/internal/wire"
)

// Browser lets the user sign in with a browser on this host: by an authorization code
// with PKCE, which comes back to a port of 127.0.0.1 or ::1 that is open only for that
// (RFC 8252). It calls open, on a goroutine of its own, with the URL that the browser has
// to show, and waits until the person has signed in there or ctx ends. If open returns an
// error before that, Browser returns it. The URL has characters that are special to a
// shell: pass it to the browser as an argument. Give ctx a time limit: a person may just
// close the window.
//
// The error is an [*Error], with KindDenied if the person refused and KindUnsupported if
// the issuer has no such sign-in, a [*ConsentError], an [*IdentityError], that of ctx, or
// the system's if it lets the program listen on no port.
func (a *Account) Browser(ctx context.Context, open func(url string) error) (*SignIn, error) {
	if open == nil {
		return nil, errors.New("oauth: Browser was given no function that opens the page")
	}
	m, err := a.describe(ctx)
	if err != nil {
		return nil, err
	}
	if missing := lacksBrowser(m); missing != "" {
		return nil, &Error{Kind: KindUnsupported, Issuer: a.app.Issuer, Err: errors.New(missing)}
	}
	verifier, state := oauth2.GenerateVerifier(), rand.Text()
	x := a.exchange(ctx, verifier, state)
	client, err := a.client(x, m)
	if err != nil {
		return nil, err
	}
	back, err := newLoopback(ctx, a.listen, a.app.Redirect, state)
	if err != nil {
		return nil, fmt.Errorf("oauth: %w", err)
	}
	client.RedirectURL = back.url
	answer, err := back.await(ctx, func() error { return open(a.pageURL(client, state, verifier)) })
	if err != nil {
		return nil, err
	}
	code, err := a.readAnswer(x, m, answer)
	if err != nil {
		return nil, a.signInError(err)
	}
	x.secrets = append(x.secrets, code)
	token, err := client.Exchange(x.context(), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, a.signInError(x.cause(m.TokenEndpoint, err))
	}
	return a.accept(ctx, x, m, token)
}

// lacksBrowser returns what an issuer lacks for a sign-in with a browser, and "" if it has
// all of it.
func lacksBrowser(m *Metadata) string {
	switch {
	case m.AuthorizationEndpoint == "":
		return "issuer has no sign-in with a browser"
	case m.ChallengeMethods != nil && !slices.Contains(m.ChallengeMethods, "S256"):
		return "issuer does not support PKCE with S256"
	}
	return ""
}

// pageURL returns the URL that the browser has to show.
func (a *Account) pageURL(client *oauth2.Config, state, verifier string) string {
	options := []oauth2.AuthCodeOption{
		oauth2.S256ChallengeOption(verifier),
		oauth2.SetAuthURLParam("login_hint", a.user),
	}
	for name, value := range a.app.AuthParams {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	return client.AuthCodeURL(state, options...)
}

// readAnswer returns the code in the issuer's answer. An answer of another issuer could
// make the client send this one's code there (RFC 9207 §1).
func (a *Account) readAnswer(x *exchange, m *Metadata, answer url.Values) (code string, err error) {
	place := m.AuthorizationEndpoint
	named, isNamed := answer["iss"]
	switch {
	case isNamed && (len(named) != 1 || named[0] != a.app.Issuer):
		return "", x.broken(place, fmt.Errorf("answer is from another issuer: %q", wire.Printable(answer.Get("iss"))))
	case !isNamed && m.ResponseIssuer:
		return "", x.broken(place, errors.New("answer does not name its issuer"))
	case answer.Get("error") != "":
		e := x.broken(place, nil)
		e.Kind = kindOf(answer.Get("error"))
		return "", x.said(e, answer.Get("error"), answer.Get("error_description"))
	case len(answer["code"]) != 1 || answer.Get("code") == "":
		return "", x.broken(place, errors.New("answer has no code"))
	}
	return answer.Get("code"), nil
}
