package oauth

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
)

// exchange returns what carries requests of a call to the issuer, with the secrets that
// the call sends.
func (a *Account) exchange(ctx context.Context, secrets ...string) *exchange {
	return &exchange{
		ctx: ctx, base: a.transport, timeout: a.timeout, issuer: a.app.Issuer,
		secrets: append(secrets, a.app.ClientSecret.Reveal()),
	}
}

// maxMetadataAge is how long metadata are used before they are read again.
const maxMetadataAge = 24 * time.Hour

// describe returns the metadata of the issuer. If they cannot be read again, the old ones
// do.
func (a *Account) describe(ctx context.Context) (*Metadata, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	if a.app.Metadata != nil {
		return a.app.Metadata, nil
	}
	a.mu.Lock()
	old, age := a.metadata, time.Since(a.fetched)
	a.mu.Unlock()
	if old != nil && age < maxMetadataAge {
		return old, nil
	}
	m, err := fetchMetadata(ctx, a.exchange(ctx))
	switch {
	case err != nil && old != nil && isTemporary(err):
		return old, nil
	case err != nil:
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.metadata, a.fetched = m, time.Now()
	return m, nil
}

// client returns the client of x/oauth2 for requests that x carries.
func (a *Account) client(x *exchange, m *Metadata) (*oauth2.Config, error) {
	id, secret := a.app.ClientID, a.app.ClientSecret.Reveal()
	style, err := m.authStyle(secret != "")
	if err != nil {
		return nil, &Error{Kind: KindConfiguration, Issuer: a.app.Issuer, Err: err}
	}
	if style == oauth2.AuthStyleInHeader {
		x.authorize = func(r *http.Request) { // RFC 6749 §2.3.1
			r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
		}
	}
	return &oauth2.Config{
		ClientID: id, ClientSecret: secret, Scopes: a.app.Scopes,
		Endpoint: oauth2.Endpoint{
			AuthURL: m.AuthorizationEndpoint, TokenURL: m.TokenEndpoint, DeviceAuthURL: m.DeviceEndpoint, AuthStyle: style,
		},
	}, nil
}
