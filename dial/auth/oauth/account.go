package oauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/mailconn/mailconn/dial/auth"
)

// Config is what the accounts of a program have in common.
type Config struct {
	// Apps is the program as it is registered, with one issuer or several.
	Apps []App
	// Store keeps the tokens. It must not be nil.
	Store Store
	// Transport carries the requests to the issuer. nil means one that verifies
	// certificates with the system's roots, and uses the proxy that the environment
	// names.
	Transport http.RoundTripper
	// Timeout bounds each request to the issuer, with its answer. 0 means 30 seconds.
	Timeout time.Duration
	// RequireIdentity makes Browser and Device fail with an [*IdentityError], and save
	// nothing, unless the issuer says that the account's user has signed in. Without
	// it another identity is a warning in the result.
	RequireIdentity bool
}

// Account is a user's account with an issuer: an [auth.Source] of tokens for
// [auth.Token]. Any number of sessions may share it, and any number of programs may have
// an Account for the same user, if they share a Store.
type Account struct {
	app             App
	user            string
	key             string // in the store
	store           Store
	transport       http.RoundTripper
	timeout         time.Duration
	requireIdentity bool
	listen          listenFunc

	mu       sync.Mutex
	metadata *Metadata
	fetched  time.Time // when metadata was
	grant    *grant    // the last that is known to be saved
	signIns  int       // how often save has replaced grant
	running  *renewal  // nil if none is under way
	renewals renewals
}

var _ auth.Source = (*Account)(nil)

// NewAccount returns the account of a user with an issuer, without any I/O. The issuer
// is one of the identifiers in the Apps of c, or one that was found with the user's
// address: then it selects among the Apps, and the error is [ErrNoClient], wrapped, if it
// is in none of them.
//
// If the user has not signed in yet, Secret fails with a [*ConsentError] until Browser or
// Device has succeeded.
func NewAccount(issuer, user string, c Config) (*Account, error) {
	app, err := selectApp(c.Apps, issuer)
	if err != nil {
		return nil, err
	}
	err = app.check()
	switch {
	case err != nil:
	case user == "" || !utf8.ValidString(user) || strings.ContainsFunc(user, func(r rune) bool { return r < ' ' || r == 0x7f }):
		err = errors.New("user is empty, not UTF-8 or has control characters") // no store could find the tokens by its name again
	case c.Store == nil:
		err = errors.New("Config.Store is nil")
	case c.Timeout < 0:
		err = errors.New("Config.Timeout is negative")
	}
	if err != nil {
		return nil, fmt.Errorf("oauth: %w", err)
	}
	a := &Account{
		app: app.clone(), user: user, key: strings.Join([]string{issuer, app.ClientID, user}, " "),
		store: c.Store, transport: c.Transport, timeout: cmp.Or(c.Timeout, 30*time.Second), requireIdentity: c.RequireIdentity,
		listen: new(net.ListenConfig).Listen,
	}
	if a.transport == nil {
		// Without idle connections, no socket outlives a call.
		a.transport = &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	}
	return a, nil
}

func (a App) clone() App {
	a.Scopes, a.AuthParams = slices.Clone(a.Scopes), maps.Clone(a.AuthParams)
	if a.Metadata != nil {
		m := *a.Metadata
		m.TokenAuth, m.ChallengeMethods = slices.Clone(m.TokenAuth), slices.Clone(m.ChallengeMethods)
		a.Metadata = &m
	}
	return a
}

// String returns user and issuer.
func (a *Account) String() string { return a.user + " at " + a.app.Issuer }

// Format writes user and issuer, whatever the verb: an Account holds tokens.
func (a *Account) Format(f fmt.State, _ rune) { io.WriteString(f, a.String()) }

// Issuer returns the identifier of the account's issuer.
func (a *Account) Issuer() string { return a.app.Issuer }

// User returns the account's user.
func (a *Account) User() string { return a.user }

// Secret returns an access token, which makes an Account an [auth.Source]. It is the
// stored one unless that is about to expire, or is the one that a mail server has just
// rejected; else it is a new one, which is saved before it is returned. However many
// sessions and programs need it at the same time, the issuer is asked for one.
//
// A refresh that has begun is not given up when ctx ends, though Secret returns: its
// answer may have the only refresh token that the issuer accepts from then on. It goes on
// for a few times Config.Timeout at most. Wait waits for it.
//
// The error is a [*ConsentError] if the user has to sign in again, an [*Error], or that of
// ctx. The URL of a configuration in the refusal of a mail server is not used.
func (a *Account) Secret(ctx context.Context, refused *auth.Error) (auth.Secret, error) {
	rejected := ""
	if refused != nil {
		rejected = refused.Rejected.Reveal()
	}
	g := a.latest()
	if g != nil && g.fresh(rejected) {
		return auth.NewSecret(g.Access), nil
	}
	renewed, err := a.renew(ctx, rejected)
	if err == nil && renewed.Access == rejected {
		renewed, err = a.renew(ctx, rejected) // that one began with an older token
	}
	switch {
	case err == nil:
		return auth.NewSecret(renewed.Access), nil
	case isTemporary(err) && g != nil && g.usable(rejected):
		return auth.NewSecret(g.Access), nil
	}
	return auth.Secret{}, err
}

// Forget removes the account's tokens from the store. The issuer is not told: a person
// ends the grant in the account's settings there.
func (a *Account) Forget(ctx context.Context) error {
	return a.save(ctx, nil)
}

// save puts a grant into the store, whatever is there, and nil in the place of one.
func (a *Account) save(ctx context.Context, g *grant) error {
	if ctx == nil {
		return errNilContext
	}
	var value []byte
	if g != nil {
		var err error
		if value, err = g.encode(); err != nil {
			return a.storeError(err)
		}
	}
	if err := a.store.Update(ctx, a.key, func([]byte) ([]byte, error) { return value, nil }); err != nil {
		return a.storeError(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.grant = g
	a.signIns++
	return nil
}

func (a *Account) latest() *grant {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.grant
}
