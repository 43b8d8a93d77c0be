package oauth_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// noBrowser fails the test if a browser is opened.
func noBrowser(t *testing.T) func(string) error {
	return func(url string) error {
		t.Errorf("a browser was opened with %s", url)
		return errors.New("opened")
	}
}

// Metadata are used only if their issuer is exactly the one that was asked for.
func TestRow03MetadataOfAnotherIssuer(t *testing.T) {
	for _, other := range []string{"https://login.test/", "https://LOGIN.test", "https://Login.test", "http://login.test", "https://login.test:443", "https://evil.test", "", "https://login.test\x00"} {
		is := newIssuer(testIssuer)
		is.set("issuer", other)
		_, err := account(t, is, is.config()).Browser(t.Context(), noBrowser(t))
		var failed *oauth.Error
		if !errors.As(err, &failed) || failed.Kind != oauth.KindIssuer || failed.Temporary() || failed.Issuer != testIssuer {
			t.Errorf("%q: %v", other, err)
		}
		if got := is.seen(""); len(got) != 1 {
			t.Errorf("%q: requests %q", other, got)
		}
	}
}

// The metadata of an issuer with a path are where the RFC says, else where OpenID says.
func TestRow04Places(t *testing.T) {
	for _, c := range []struct{ issuer, rfc, openID string }{
		{"https://login.test", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"},
		{"https://login.test/", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"},
		{"https://login.test/tenant", "/.well-known/oauth-authorization-server/tenant", "/tenant/.well-known/openid-configuration"},
		{"https://login.test/a/b%2Fc/", "/.well-known/oauth-authorization-server/a/b/c", "/a/b/c/.well-known/openid-configuration"},
	} {
		for _, place := range []string{c.rfc, c.openID} {
			is := newIssuer(c.issuer)
			is.documents = map[string]any{place: is.metadata()}
			if _, err := refreshed(t, signedIn(t, is, is.config())); err != nil {
				t.Errorf("%s: %v", c.issuer, err)
			}
			want := []string{"GET " + c.rfc, "GET " + c.openID}[:1+slices.Index([]string{c.rfc, c.openID}, place)]
			if got := is.seen("GET "); !slices.Equal(got, want) {
				t.Errorf("%s: requests %q, want %q", c.issuer, got, want)
			}
		}
	}
}

// What the first place answers decides whether the second is asked.
func TestRow04FirstPlace(t *testing.T) {
	other := newIssuer(testIssuer)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   oauth.Kind // "" if the second place is asked
	}{
		"not found": {http.NotFound, ""},
		"forbidden": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, ""},
		"a page": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte("<html>"))
		}, ""},
		"redirect elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.test/metadata", http.StatusFound)
		}, ""},
		"not found, in JSON": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 404, map[string]any{"error": "Unable to find matching target resource method", "status": 404})
		}, ""},
		"forbidden, in JSON":             {func(w http.ResponseWriter, _ *http.Request) { refuse(w, 401, "invalid_client") }, ""},
		"an error instead of a document": {func(w http.ResponseWriter, _ *http.Request) { refuse(w, 200, "not_found") }, ""},
		"failed, in JSON":                {func(w http.ResponseWriter, _ *http.Request) { refuse(w, 500, "not_found") }, ""},
		"too many":                       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, oauth.KindTemporary},
		"unavailable":                    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, ""},
		"another issuer": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, map[string]string{"issuer": "https://evil.test", "token_endpoint": "https://evil.test/token"})
		}, oauth.KindIssuer},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, map[string]string{"issuer": strings.Repeat("x", 2<<20)})
		}, oauth.KindIssuer},
		"wrong types": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, map[string]any{"issuer": []int{1}})
		}, oauth.KindIssuer},
	} {
		is := newIssuer(testIssuer)
		is.documents = map[string]any{"/.well-known/openid-configuration": is.metadata()}
		is.override = func(w http.ResponseWriter, r *http.Request) bool {
			first := strings.HasSuffix(r.URL.Path, "/oauth-authorization-server")
			if first {
				c.answer(w, r)
			}
			return first
		}
		config := is.config()
		config.Transport = hosts{"login.test": is, "evil.test": other}
		_, err := refreshed(t, signedIn(t, is, config))
		if c.kind == "" && err != nil || c.kind != "" && !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
		if got := len(is.seen("openid")); got != 0 && c.kind != "" {
			t.Errorf("%s: the second place was asked", name)
		}
		if got := other.seen(""); got != nil {
			t.Errorf("%s: another host was asked: %q", name, got)
		}
	}
}

// An issuer without metadata is an error that says so.
func TestRow04NoMetadata(t *testing.T) {
	for _, inJSON := range []bool{false, true} {
		is := newIssuer(testIssuer)
		is.documents = nil
		is.override = func(w http.ResponseWriter, _ *http.Request) bool {
			if inJSON {
				refuse(w, 404, "Not Found")
			}
			return inJSON
		}
		_, err := account(t, is, is.config()).Browser(t.Context(), noBrowser(t))
		var failed *oauth.Error
		if !errors.As(err, &failed) || failed.Kind != oauth.KindIssuer || failed.Status != 404 {
			t.Errorf("in JSON %v: %v", inJSON, err)
		}
	}
}

// An issuer of which a place has failed, and the other has nothing, may have metadata later.
func TestRow04Failed(t *testing.T) {
	for name, statuses := range map[string][2]int{"first": {503, 404}, "second": {404, 503}, "both": {500, 502}} {
		is := newIssuer(testIssuer)
		asked := 0
		is.override = func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(statuses[asked%2])
			asked++
			return true
		}
		_, err := account(t, is, is.config()).Browser(t.Context(), noBrowser(t))
		if !errors.Is(err, oauth.KindTemporary) || asked != 2 {
			t.Errorf("%s: %v after %d requests", name, err, asked)
		}
	}
}

// Endpoints that are not https are refused before any of them is used.
func TestRow05Endpoints(t *testing.T) {
	for _, endpoint := range []string{
		"http://login.test/x", "file:///etc/passwd", "javascript:alert(1)", "//login.test/x", "/x", "https:///x", "https:x",
		"https://user:secret@login.test/x", "https://login.test/x#y", "https://login.test/x#", "https://login.test/\nx", "HTTP://login.test", "%",
	} {
		for _, member := range []string{"authorization_endpoint", "token_endpoint", "device_authorization_endpoint"} {
			is := newIssuer(testIssuer)
			is.set(member, endpoint)
			a := account(t, is, is.config())
			_, err := a.Browser(t.Context(), noBrowser(t))
			_, deviceErr := a.Device(t.Context(), func(oauth.DevicePrompt) error { t.Error("shown"); return nil })
			if !errors.Is(err, oauth.KindIssuer) || !errors.Is(deviceErr, oauth.KindIssuer) {
				t.Errorf("%s %q: %v, %v", member, endpoint, err, deviceErr)
			}
			config := is.config()
			m := oauth.Metadata{AuthorizationEndpoint: testIssuer, TokenEndpoint: testIssuer, DeviceEndpoint: testIssuer}
			switch member {
			case "authorization_endpoint":
				m.AuthorizationEndpoint = endpoint
			case "token_endpoint":
				m.TokenEndpoint = endpoint
			default:
				m.DeviceEndpoint = endpoint
			}
			config.Apps[0].Metadata = &m
			if _, err := oauth.NewAccount(testIssuer, testUser, config); err == nil {
				t.Errorf("%s %q of the program was taken", member, endpoint)
			}
		}
	}
	is := newIssuer(testIssuer)
	is.set("token_endpoint", nil)
	if _, err := account(t, is, is.config()).Browser(t.Context(), noBrowser(t)); !errors.Is(err, oauth.KindIssuer) {
		t.Errorf("no token endpoint: %v", err)
	}
}

// A discovered issuer only selects among the clients of the program.
func TestRow15NoClient(t *testing.T) {
	is := newIssuer(testIssuer)
	for _, found := range []string{"https://evil.test", testIssuer + "/", "https://LOGIN.test", "", "https://evil.test/\x1b[2J"} {
		_, err := oauth.NewAccount(found, testUser, is.config())
		if !errors.Is(err, oauth.ErrNoClient) || !strings.Contains(err.Error(), strings.TrimSuffix(found, "\x1b[2J")) || strings.ContainsAny(err.Error(), "\x1b") {
			t.Errorf("%q: %v", found, err)
		}
	}
	if got := is.seen(""); got != nil {
		t.Errorf("requests %q", got)
	}
	config := is.config()
	config.Apps = append([]oauth.App{{Issuer: "https://other.test", ClientID: "x"}}, config.Apps...)
	if a := account(t, is, config); a.Issuer() != testIssuer || a.User() != testUser {
		t.Errorf("account of %q at %q", a.User(), a.Issuer())
	}
}

// Wrong arguments are errors before any I/O.
func TestArguments(t *testing.T) {
	is := newIssuer(testIssuer)
	for name, change := range map[string]func(*oauth.Config){
		"no store":               func(c *oauth.Config) { c.Store = nil },
		"negative time-out":      func(c *oauth.Config) { c.Timeout = -1 },
		"no client id":           func(c *oauth.Config) { c.Apps[0].ClientID = "" },
		"client id with a blank": func(c *oauth.Config) { c.Apps[0].ClientID = "a b" },
		"scope with a blank":     func(c *oauth.Config) { c.Apps[0].Scopes = []string{"a b"} },
		"empty scope":            func(c *oauth.Config) { c.Apps[0].Scopes = []string{""} },
		"state as a parameter":   func(c *oauth.Config) { c.Apps[0].AuthParams = map[string]string{"state": "x"} },
		"localhost":              func(c *oauth.Config) { c.Apps[0].Redirect = "http://localhost/" },
		"another host":           func(c *oauth.Config) { c.Apps[0].Redirect = "http://192.0.2.1/" },
		"redirect with a port":   func(c *oauth.Config) { c.Apps[0].Redirect = "http://127.0.0.1:80/" },
		"redirect with a query":  func(c *oauth.Config) { c.Apps[0].Redirect = "http://127.0.0.1/?a" },
		"https redirect":         func(c *oauth.Config) { c.Apps[0].Redirect = "https://127.0.0.1/" },
		"not a redirect":         func(c *oauth.Config) { c.Apps[0].Redirect = "%" },
		"metadata of another": func(c *oauth.Config) {
			c.Apps[0].Metadata = &oauth.Metadata{Issuer: "https://x.test", TokenEndpoint: testIssuer}
		},
		"metadata without token": func(c *oauth.Config) { c.Apps[0].Metadata = &oauth.Metadata{} },
	} {
		config := is.config()
		change(&config)
		if _, err := oauth.NewAccount(testIssuer, testUser, config); err == nil || !strings.HasPrefix(err.Error(), "oauth: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, issuer := range []string{"http://login.test", "https://login.test?x", "https://login.test?", "https://login.test#x", "login.test", "https://"} {
		config := is.config()
		config.Apps[0].Issuer = issuer
		if _, err := oauth.NewAccount(issuer, testUser, config); err == nil || errors.Is(err, oauth.ErrNoClient) {
			t.Errorf("issuer %q: %v", issuer, err)
		}
	}
	for _, user := range []string{"", "joe\r\n", "jo\xff"} {
		if _, err := oauth.NewAccount(testIssuer, user, is.config()); err == nil {
			t.Errorf("user %q was taken", user)
		}
	}
	if got := is.seen(""); got != nil {
		t.Errorf("requests %q", got)
	}
}

// What the program changes after NewAccount has no effect.
func TestConfigIsCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := newIssuer(testIssuer)
		config := is.config()
		config.Apps[0].Metadata = &oauth.Metadata{TokenEndpoint: testIssuer + "/token", DeviceEndpoint: testIssuer + "/device"}
		a := account(t, is, config)
		config.Apps[0].Metadata.TokenEndpoint = "https://evil.test"
		config.Apps[0].Scopes[0] = "evil"
		config.Apps[0].ClientID = "evil"
		if _, err := a.Device(t.Context(), func(oauth.DevicePrompt) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if got := is.seen("GET"); got != nil || is.form().Get("client_id") != testClient || is.form().Get("scope") != "mail offline_access" {
			t.Errorf("requests %q, form %v", got, is.form())
		}
	})
}

// A client secret is shown in a way that the issuer takes, and only there.
func TestClientSecret(t *testing.T) {
	for _, c := range []struct {
		methods any
		header  bool
		fails   bool
	}{
		{nil, true, false},
		{[]string{"client_secret_post", "client_secret_basic"}, true, false},
		{[]string{"client_secret_post"}, false, false},
		{[]string{"private_key_jwt"}, false, true},
	} {
		synctest.Test(t, func(t *testing.T) { testClientSecret(t, c.methods, c.header, c.fails) })
	}
}

func testClientSecret(t *testing.T, methods any, header, fails bool) {
	const secret = "client-secret:+/%"
	is := newIssuer(testIssuer)
	is.set("token_endpoint_auth_methods_supported", methods)
	is.override = func(w http.ResponseWriter, r *http.Request) bool {
		user, password, basic := r.BasicAuth()
		inHeader := basic && user == testClient && password == "client-secret%3A%2B%2F%25"
		inForm := r.PostForm.Get("client_secret") == secret
		if r.Method == "POST" && (inHeader != header || inForm == header) || r.Method == "GET" && (inHeader || inForm) {
			t.Errorf("%v: %s: in the header %v, in the form %v", methods, r.URL.Path, inHeader, inForm)
		}
		return false
	}
	config := is.config()
	config.Apps[0].ClientSecret = auth.NewSecret(secret)
	a := account(t, is, config)
	_, err := a.Device(t.Context(), func(oauth.DevicePrompt) error { return nil })
	if fails != errors.Is(err, oauth.KindConfiguration) || fails != (err != nil) {
		t.Errorf("%v: %v", methods, err)
	}
	if fails {
		return
	}
	if _, err := refreshed(t, a); err != nil || is.refreshes() != 1 {
		t.Errorf("%v: refresh: %v", methods, err)
	}
}
