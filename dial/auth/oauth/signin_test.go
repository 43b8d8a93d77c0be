package oauth_test

import (
	"errors"
	"net/url"
	"slices"
	"testing"

	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// The answer has to be from the issuer that was asked.
func TestRow03AnswerOfAnotherIssuer(t *testing.T) {
	for name, c := range map[string]struct {
		change    func(url.Values)
		announced bool
		good      bool
	}{
		"named":                     {func(url.Values) {}, true, true},
		"named and not announced":   {func(url.Values) {}, false, true},
		"absent":                    {func(q url.Values) { q.Del("iss") }, true, false},
		"absent and not announced":  {func(q url.Values) { q.Del("iss") }, false, true},
		"another":                   {func(q url.Values) { q.Set("iss", "https://evil.test") }, true, false},
		"another and not announced": {func(q url.Values) { q.Set("iss", "https://evil.test") }, false, false},
		"a slash":                   {func(q url.Values) { q.Set("iss", testIssuer+"/") }, true, false},
		"empty":                     {func(q url.Values) { q.Set("iss", "") }, false, false},
		"two":                       {func(q url.Values) { q.Add("iss", "https://evil.test") }, true, false},
		"an error of another":       {func(q url.Values) { q.Set("iss", "https://evil.test"); q.Set("error", "access_denied") }, true, false},
		"two codes":                 {func(q url.Values) { q.Add("code", "x") }, true, false},
		"no code":                   {func(q url.Values) { q.Del("code") }, true, false},
	} {
		is := newIssuer(testIssuer)
		is.set("authorization_response_iss_parameter_supported", c.announced)
		is.redirect = c.change
		_, err := account(t, is, is.config()).Browser(t.Context(), browse(t, is))
		if c.good != (err == nil) || err != nil && !errors.Is(err, oauth.KindIssuer) {
			t.Errorf("%s: %v", name, err)
		}
		if used := is.seen("/token") != nil; used != c.good {
			t.Errorf("%s: the code was used: %v", name, used)
		}
	}
}

// Whether the right person has signed in is told, and decides if the program wants that.
func TestRow11Identity(t *testing.T) {
	claims := func(members ...any) any {
		m := map[string]any{"aud": testClient}
		for i := 0; i < len(members); i += 2 {
			m[members[i].(string)] = members[i+1]
		}
		return idToken(m)
	}
	for name, c := range map[string]struct {
		token    any
		identity string
		warning  bool
	}{
		"address":           {claims("email", testUser), testUser, false},
		"case":              {claims("email", "Joe@Example.ORG"), "Joe@Example.ORG", false},
		"name":              {claims("email", "joe.public@example.com", "preferred_username", testUser), "joe.public@example.com", false},
		"audiences":         {claims("email", testUser, "aud", []string{"x", testClient}), testUser, false},
		"another":           {claims("email", "jane@example.org\x1b"), "jane@example.org\ufffd", true},
		"another name":      {claims("preferred_username", "jane"), "jane", true},
		"no name":           {claims("sub", "1234"), "", false},
		"no token":          {nil, "", false},
		"for another":       {claims("email", "jane@example.org", "aud", "x"), "", false},
		"for no one":        {claims("email", "jane@example.org", "aud", 7), "", false},
		"not a token":       {"a.b", "", false},
		"not base64":        {"a.!.c", "", false},
		"not JSON":          {"a.YQ.c", "", false},
		"not a text":        {map[string]string{"email": "x"}, "", false},
		"wrong type inside": {claims("email", 7), "", false},
	} {
		for _, require := range []bool{false, true} {
			is := newIssuer(testIssuer)
			is.extra = map[string]any{"id_token": c.token, "scope": "mail profile\x1b"}
			config := is.config()
			config.RequireIdentity = require
			a := account(t, is, config)
			done, err := a.Browser(t.Context(), browse(t, is))
			var other *oauth.IdentityError
			if fails := require && (c.warning || c.identity == ""); fails {
				if !errors.As(err, &other) || other.User != testUser || other.Identity != c.identity || other.Hint() == "" {
					t.Errorf("%s: %v", name, err)
				}
				if got := get(t, config.Store, a.Key()); got != "<nil>" {
					t.Errorf("%s: saved %s", name, got)
				}
				continue
			}
			if err != nil || done.Identity != c.identity || errors.As(done.Warning, &other) != c.warning || !slices.Equal(done.Scopes, []string{"mail", "profile\ufffd"}) {
				t.Errorf("%s: %+v, %v", name, done, err)
			}
			if got := tokenOf(t, a); got == "" {
				t.Errorf("%s: no token", name)
			}
		}
	}
}
