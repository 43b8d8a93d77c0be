package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/mailconn/mailconn/internal/wire"
)

// Metadata describes an issuer (RFC 8414 §2), as far as this package uses it. All
// endpoints must be https URLs.
type Metadata struct {
	// Issuer is the issuer's identifier.
	Issuer string `json:"issuer"`
	// AuthorizationEndpoint is the page where a person signs in. Empty means that
	// Browser cannot be used.
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	// TokenEndpoint is where tokens are asked for. It must not be empty.
	TokenEndpoint string `json:"token_endpoint"`
	// DeviceEndpoint is where a sign-in on another device begins (RFC 8628 §4).
	// Empty means that Device cannot be used.
	DeviceEndpoint string `json:"device_authorization_endpoint"`
	// TokenAuth are the ways in which a client may show its secret. nil means
	// "client_secret_basic".
	TokenAuth []string `json:"token_endpoint_auth_methods_supported"`
	// ChallengeMethods are those of PKCE (RFC 7636 §4.2). nil means that the issuer
	// does not say. Without "S256" in the list Browser cannot be used.
	ChallengeMethods []string `json:"code_challenge_methods_supported"`
	// ResponseIssuer announces that the issuer names itself in the answer to the
	// browser (RFC 9207 §3). An answer that does not is then refused.
	ResponseIssuer bool `json:"authorization_response_iss_parameter_supported"`
}

// check returns what is wrong with the endpoints.
func (m *Metadata) check() error {
	if m.TokenEndpoint == "" {
		return errors.New("no token endpoint")
	}
	for _, endpoint := range []string{m.AuthorizationEndpoint, m.TokenEndpoint, m.DeviceEndpoint} {
		if endpoint == "" {
			continue
		}
		if _, err := checkHTTPS(endpoint); err != nil {
			return fmt.Errorf("endpoint %w", err)
		}
	}
	return nil
}

// authStyle returns how the client is named to the token endpoint. A public client
// has nothing to show, and is named in the body (RFC 6749 §3.2.1).
func (m *Metadata) authStyle(secret bool) (oauth2.AuthStyle, error) {
	offers := func(method string) bool { return slices.Contains(m.TokenAuth, method) }
	switch {
	case !secret:
		return oauth2.AuthStyleInParams, nil
	case m.TokenAuth == nil || offers("client_secret_basic"): // RFC 8414 §2
		return oauth2.AuthStyleInHeader, nil
	case offers("client_secret_post"):
		return oauth2.AuthStyleInParams, nil
	}
	return 0, errors.New("issuer takes no client secret in a way that is known here")
}

// wellKnown returns where an issuer describes itself: by RFC 8414 §3.1 before the
// path, else by OpenID Connect Discovery §4 after it.
func wellKnown(issuer string) ([]string, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, err
	}
	origin := "https://" + u.Host
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	return []string{
		origin + "/.well-known/oauth-authorization-server" + path,
		origin + path + "/.well-known/openid-configuration",
	}, nil
}

// fetchMetadata reads an issuer's metadata. The first document that is there
// decides: if it is not as it should be, the other is not looked at. A place that fails
// may be one that the issuer does not have: if there is no document at the other, that
// failure is the error.
func fetchMetadata(ctx context.Context, x *exchange) (*Metadata, error) {
	places, err := wellKnown(x.issuer)
	if err != nil {
		return nil, err
	}
	var absent error
	for _, place := range places {
		m, err := fetchDocument(ctx, x, place)
		switch {
		case isAbsent(err) || hasFailed(err):
			if !isTemporary(absent) {
				absent = err
			}
			continue
		case err != nil:
			return nil, err
		case m.Issuer != x.issuer:
			// RFC 8414 §3.3: another issuer could otherwise pose as this one.
			return nil, x.broken(place, fmt.Errorf("metadata name another issuer: %q", wire.Printable(m.Issuer)))
		}
		if err := m.check(); err != nil {
			return nil, x.broken(place, fmt.Errorf("metadata: %w", err))
		}
		return m, nil
	}
	return nil, absent
}

func fetchDocument(ctx context.Context, x *exchange, place string) (*Metadata, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return nil, x.broken(place, errors.New("not a URL"))
	}
	request.Header.Set("Accept", "application/json")
	response, err := x.RoundTrip(request)
	var failed *Error
	if errors.As(err, &failed) && !failed.Temporary() {
		failed.Kind = KindIssuer // its code, if it has one, is none of those for a client
	}
	if err != nil {
		return nil, err
	}
	m := new(Metadata)
	if json.NewDecoder(response.Body).Decode(m) != nil {
		return nil, x.broken(place, errors.New("malformed metadata"))
	}
	return m, nil
}

// hasFailed reports whether an answer says that the issuer, or a part of it, has failed.
func hasFailed(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Temporary() && failed.Status >= 500
}

// isAbsent reports whether an answer means that there is no metadata document at a
// place. Instead of the status for that, some issuers answer with a page for people,
// or redirect to one.
func isAbsent(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Kind == KindIssuer && failed.Status >= 200 && failed.Status < 500 && !errors.Is(err, errTooLarge)
}
