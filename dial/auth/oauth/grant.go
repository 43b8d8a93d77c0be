package oauth

import (
	"encoding/json"
	"errors"
	"time"

	"golang.org/x/oauth2"
)

// grant is what a person has allowed: tokens. A Store keeps it as JSON.
type grant struct {
	Format  string    `json:"format"`
	Access  string    `json:"access_token"`
	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires,omitzero"` // zero if the issuer did not say
	Refresh string    `json:"refresh_token,omitempty"`
}

const grantFormat = "mailconn grant 1"

// newGrant returns the grant in the answer of a token endpoint.
func newGrant(t *oauth2.Token) (*grant, error) {
	switch {
	case t.Type() != "Bearer": // RFC 6749 §7.1
		return nil, errors.New("token is of another type than Bearer")
	case !visible(t.AccessToken): // RFC 6750 §2.1; no login could send it
		return nil, errors.New("token contains blanks, controls or other than ASCII")
	}
	g := &grant{Format: grantFormat, Access: t.AccessToken, Refresh: t.RefreshToken, Issued: time.Now().UTC()}
	if t.Expiry.After(g.Issued) { // a lifetime that is negative says nothing
		g.Expires = t.Expiry.UTC().Round(0)
	}
	return g, nil
}

// parseGrant reads what encode wrote. It returns nil for what is no grant.
func parseGrant(value []byte) *grant {
	g := new(grant)
	if json.Unmarshal(value, g) != nil || g.Format != grantFormat {
		return nil
	}
	return g
}

// same reports whether g and other, which may be nil, were given at the same time. Some
// issuers give the same refresh token again.
func (g *grant) same(other *grant) bool {
	return other != nil && g.Refresh == other.Refresh && g.Issued.Equal(other.Issued)
}

func (g *grant) encode() ([]byte, error) { return json.MarshalIndent(g, "", "  ") }

// A token is replaced a minute before it expires, or a tenth of its lifetime if that
// is shorter: logging in takes time, and clocks differ.
const (
	margin         = time.Minute
	marginFraction = 10
)

// fresh reports whether the access token need not be replaced: it is not about to
// expire, and is not the one that a mail server rejected.
func (g *grant) fresh(rejected string) bool {
	if g.Expires.IsZero() {
		return g.Access != rejected
	}
	early := min(margin, g.Expires.Sub(g.Issued)/marginFraction)
	return g.Access != rejected && time.Until(g.Expires) > early
}

// usable reports whether the access token may still be accepted, if there is no
// other.
func (g *grant) usable(rejected string) bool {
	return g.Access != rejected && (g.Expires.IsZero() || time.Until(g.Expires) > 0)
}
