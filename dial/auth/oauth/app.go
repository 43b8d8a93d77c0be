package oauth

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/wire"
)

// ErrNoClient means that the program is not registered with an issuer: Config.Apps
// has no App for it. A program that finds the issuer of an account only selects
// among its Apps; this package registers nothing.
var ErrNoClient = errors.New("oauth: no client is registered with this issuer")

// App is a program as it is registered with an issuer, which is an authorization
// server.
type App struct {
	// Issuer is the issuer's identifier: an https URL without query and fragment
	// (RFC 8414 §2), exactly as the issuer writes it.
	Issuer string
	// ClientID is what the issuer calls the program.
	ClientID string
	// ClientSecret is sent to the issuer if it is not empty. A program that users
	// install cannot keep it to itself (RFC 8252 §8.5), but some issuers demand it
	// all the same.
	ClientSecret auth.Secret
	// Scopes are what a person is asked to allow. A scope that brings a refresh
	// token, often "offline_access", lets the account last longer than one token.
	// With "openid" and "email" the issuer tells who signed in.
	Scopes []string
	// Redirect is the redirect URI as it is registered, without a port, for the
	// sign-in with a browser: http, the host 127.0.0.1 or [::1], and a path.
	// Empty means "http://127.0.0.1/", or "http://[::1]/" on a host without IPv4.
	// The name localhost is not taken, since it may lead to another host
	// (RFC 8252 §8.3).
	Redirect string
	// AuthParams are more parameters of the authorization request in the browser,
	// such as "prompt" or "access_type". They must not be those that this package
	// sets itself.
	AuthParams map[string]string
	// Metadata describes the issuer. With nil it is read from the issuer, and
	// refused unless it is about exactly this Issuer (RFC 8414 §3.3). It is for
	// issuers that do not describe themselves as they should; its Issuer may be
	// empty.
	Metadata *Metadata
}

// check returns what is wrong with a.
func (a *App) check() error {
	if err := checkIssuer(a.Issuer); err != nil {
		return err
	}
	if a.ClientID == "" || !visible(a.ClientID) {
		return fmt.Errorf("client id %q for %s is empty or has blanks", wire.Printable(a.ClientID), a.Issuer)
	}
	for _, scope := range a.Scopes {
		if scope == "" || !visible(scope) || strings.ContainsAny(scope, `"\`) { // RFC 6749 §3.3
			return fmt.Errorf("scope %q for %s is malformed", wire.Printable(scope), a.Issuer)
		}
	}
	for name := range a.AuthParams {
		if slices.Contains(ownParams, name) {
			return fmt.Errorf("parameter %q for %s is one that is always set", name, a.Issuer)
		}
	}
	if err := checkRedirect(a.Redirect); err != nil {
		return err
	}
	if a.Metadata == nil {
		return nil
	}
	if a.Metadata.Issuer != "" && a.Metadata.Issuer != a.Issuer {
		return fmt.Errorf("metadata for %s are those of %q", a.Issuer, wire.Printable(a.Metadata.Issuer))
	}
	return a.Metadata.check()
}

// ownParams are the parameters of an authorization request that Browser sets.
var ownParams = []string{
	"response_type", "client_id", "client_secret", "redirect_uri", "scope", "state",
	"code_challenge", "code_challenge_method", "login_hint", "response_mode", "request", "request_uri",
}

// checkIssuer returns what is wrong with an issuer's identifier (RFC 8414 §2).
func checkIssuer(issuer string) error {
	u, err := checkHTTPS(issuer)
	if err != nil {
		return fmt.Errorf("issuer %w", err)
	}
	if u.RawQuery != "" || u.ForceQuery {
		return fmt.Errorf("issuer %q has a query", wire.Printable(issuer))
	}
	return nil
}

// selectApp returns the App that is registered with an issuer.
func selectApp(apps []App, issuer string) (*App, error) {
	for i := range apps {
		if apps[i].Issuer == issuer {
			return &apps[i], nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrNoClient, wire.Printable(issuer))
}
