package oauth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/mailconn/mailconn/internal/wire"
)

// SignIn is a sign-in that succeeded: what the person has allowed is in the store.
type SignIn struct {
	// Identity is who signed in, as the issuer says, made printable: an email address
	// or a name. It is empty if the issuer does not say.
	Identity string
	// Warning is an [*IdentityError] if Identity is another than the account's user:
	// the person may have chosen the wrong account. Else it is nil.
	Warning error
	// Scopes are those that were granted, made printable. They may be fewer than the
	// App asks for.
	Scopes []string
	// Lasting means that the issuer gave a refresh token. Without it the person has to
	// sign in again when the access token expires.
	Lasting bool
}

// IdentityError means that another user than the account's has signed in, or that the
// issuer does not say who has.
type IdentityError struct {
	User     string // of the account
	Identity string // who signed in, made printable; "" if the issuer does not say
}

// Error returns the two names.
func (e *IdentityError) Error() string {
	if e.Identity == "" {
		return wire.Printable(fmt.Sprintf("oauth: the issuer does not say whether it was %q who signed in", e.User))
	}
	return wire.Printable(fmt.Sprintf("oauth: %q signed in, and not %q", e.Identity, e.User))
}

// Hint returns a sentence for a person about what to do.
func (e *IdentityError) Hint() string {
	return wire.Printable(fmt.Sprintf("Sign in again, and choose the account %s there.", e.User))
}

// accept saves the tokens of a sign-in.
func (a *Account) accept(ctx context.Context, x *exchange, m *Metadata, token *oauth2.Token) (*SignIn, error) {
	g, err := newGrant(token)
	if err != nil {
		return nil, x.broken(m.TokenEndpoint, err)
	}
	idToken, _ := token.Extra("id_token").(string)
	claims := readClaims(idToken, a.app.ClientID)
	done := &SignIn{Identity: wire.Printable(claims.name()), Lasting: g.Refresh != "", Scopes: a.app.Scopes}
	if granted, ok := token.Extra("scope").(string); ok { // absent if all were (RFC 6749 §5.1)
		done.Scopes = strings.Fields(granted)
		for i, scope := range done.Scopes {
			done.Scopes[i] = wire.Printable(scope)
		}
	}
	matches := claims.match(a.user)
	if !matches && (done.Identity != "" || a.requireIdentity) {
		done.Warning = &IdentityError{User: a.user, Identity: done.Identity}
	}
	if done.Warning != nil && a.requireIdentity {
		return nil, done.Warning
	}
	if err := a.save(ctx, g); err != nil {
		return nil, err
	}
	return done, nil
}

// claims are those of an ID token that name a user (OpenID Connect Core §5.1).
type claims struct {
	Email    string   `json:"email"`
	Username string   `json:"preferred_username"`
	Audience audience `json:"aud"`
}

// readClaims reads the claims of an ID token. Its signature need not be checked, since it
// comes from the token endpoint itself, over TLS (OpenID Connect Core §3.1.3.7). One for
// another client says nothing.
func readClaims(token, client string) claims {
	var c claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &c) != nil || !slices.Contains(c.Audience, client) {
		return claims{}
	}
	return c
}

// audience is a name or a list of names.
type audience []string

// UnmarshalJSON reads either.
func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

func (c claims) name() string {
	if c.Email != "" {
		return c.Email
	}
	return c.Username
}

// match reports whether the claims are about user. Providers do not tell addresses apart by
// case.
func (c claims) match(user string) bool {
	return strings.EqualFold(c.Email, user) || strings.EqualFold(c.Username, user)
}
