package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
)

const (
	testIssuer = "https://login.test"
	testClient = "mua"
	testUser   = "joe@example.org"
)

// issuer is an authorization server. Refresh tokens are good for one use, and using one
// again ends the grant, as RFC 9700 §4.14.2 asks for.
type issuer struct {
	name string // its identifier

	mu        sync.Mutex
	documents map[string]any // by path; what is served as metadata
	next      int            // number of the next token
	refresh   string         // the refresh token that is good, "" if none is
	codes     map[string]url.Values
	lifetime  int                                               // of access tokens in seconds, 0 to not say
	extra     map[string]any                                    // more members of token answers
	fixed     string                                            // the refresh token that is never replaced
	override  func(w http.ResponseWriter, r *http.Request) bool // answers itself if it returns true
	redirect  func(url.Values)                                  // changes the answer to the browser
	log       []string                                          // method, path and grant type of the requests
	forms     []url.Values
}

func newIssuer(name string) *issuer {
	is := &issuer{name: name, lifetime: 3600, codes: map[string]url.Values{}}
	u, err := url.Parse(name)
	if err != nil {
		panic(err)
	}
	is.documents = map[string]any{"/.well-known/oauth-authorization-server" + strings.TrimSuffix(u.Path, "/"): is.metadata()}
	return is
}

func (is *issuer) metadata() map[string]any {
	base := strings.TrimSuffix(is.name, "/")
	return map[string]any{
		"issuer": is.name, "authorization_endpoint": base + "/authorize?theme=dark", "token_endpoint": base + "/token",
		"device_authorization_endpoint": base + "/device", "code_challenge_methods_supported": []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	}
}

// set changes a member of the metadata; nil removes it.
func (is *issuer) set(member string, value any) {
	for _, document := range is.documents {
		if m := document.(map[string]any); value == nil {
			delete(m, member)
		} else {
			m[member] = value
		}
	}
}

func (is *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	is.mu.Lock()
	defer is.mu.Unlock()
	r.ParseForm()
	is.log = append(is.log, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.PostForm.Get("grant_type")))
	is.forms = append(is.forms, r.Form)
	if is.override != nil && is.override(w, r) {
		return
	}
	switch document, found := is.documents[r.URL.Path]; {
	case found:
		answer(w, 200, document)
	case strings.HasSuffix(r.URL.Path, "/authorize"):
		is.authorize(w, r)
	case strings.HasSuffix(r.URL.Path, "/token"):
		is.token(w, r.PostForm)
	case strings.HasSuffix(r.URL.Path, "/device"):
		answer(w, 200, map[string]any{
			"device_code": "device-code-device-code", "user_code": "WDJB-MJHT", "expires_in": 1800,
			"verification_uri": is.name + "/go", "verification_uri_complete": is.name + "/go?user_code=WDJB-MJHT",
		})
	default:
		http.NotFound(w, r)
	}
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]string{"error": code, "error_description": "because of " + code})
}

// authorize sends the browser back with a code, as if the person had agreed.
func (is *issuer) authorize(w http.ResponseWriter, r *http.Request) {
	is.next++
	code := fmt.Sprintf("code-code-code-code-%d", is.next)
	is.codes[code] = r.Form
	q := url.Values{"code": {code}, "state": {r.Form.Get("state")}, "iss": {is.name}}
	if is.redirect != nil {
		is.redirect(q)
	}
	http.Redirect(w, r, r.Form.Get("redirect_uri")+"?"+q.Encode(), http.StatusFound)
}

func (is *issuer) token(w http.ResponseWriter, form url.Values) {
	good := false
	switch form.Get("grant_type") {
	case "refresh_token":
		good = form.Get("refresh_token") == is.refresh && is.refresh != ""
	case "authorization_code":
		asked := is.codes[form.Get("code")]
		delete(is.codes, form.Get("code"))
		good = asked != nil && asked.Get("redirect_uri") == form.Get("redirect_uri") &&
			asked.Get("code_challenge_method") == "S256" && asked.Get("code_challenge") == oauth2.S256ChallengeFromVerifier(form.Get("code_verifier"))
	case "urn:ietf:params:oauth:grant-type:device_code":
		good = form.Get("device_code") == "device-code-device-code"
	}
	if !good {
		is.refresh = ""
		refuse(w, 400, "invalid_grant")
		return
	}
	is.next++
	is.refresh = fmt.Sprintf("refresh-refresh-refresh-%d", is.next)
	if is.fixed != "" {
		is.refresh = is.fixed
	}
	said := map[string]any{"access_token": fmt.Sprintf("access-access-access-%d", is.next), "token_type": "bearer", "refresh_token": is.refresh}
	if is.fixed != "" {
		delete(said, "refresh_token")
	}
	if is.lifetime != 0 {
		said["expires_in"] = is.lifetime
	}
	for name, value := range is.extra {
		said[name] = value
	}
	answer(w, 200, said)
}

// seen returns the requests that contain a text.
func (is *issuer) seen(text string) (list []string) {
	is.mu.Lock()
	defer is.mu.Unlock()
	for _, entry := range is.log {
		if strings.Contains(entry, text) {
			list = append(list, entry)
		}
	}
	return list
}

// refreshes returns how often a token was asked for with a refresh token.
func (is *issuer) refreshes() int { return len(is.seen("POST /token refresh_token")) }

// form returns the parameters of the last request.
func (is *issuer) form() url.Values {
	is.mu.Lock()
	defer is.mu.Unlock()
	return is.forms[len(is.forms)-1]
}

// idToken returns an ID token with the given claims.
func idToken(claims map[string]any) string {
	text, _ := json.Marshal(claims)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode(text) + "." + encode([]byte("signature"))
}

// hosts is a transport to servers in this process, by host. It uses no network, so that
// time can be that of a bubble.
type hosts map[string]http.Handler

func (h hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	handler := h[r.URL.Host]
	if handler == nil {
		return nil, fmt.Errorf("no host %s", r.URL.Host)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	done := make(chan *http.Response, 1)
	go func() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		done <- w.Result()
	}()
	select {
	case response := <-done:
		return response, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// app is the program as it is registered with is.
func (is *issuer) app() oauth.App {
	return oauth.App{Issuer: is.name, ClientID: testClient, Scopes: []string{"mail", "offline_access"}}
}

// config is one for is alone, with a new store.
func (is *issuer) config() oauth.Config {
	u, err := url.Parse(is.name)
	if err != nil {
		panic(err)
	}
	return oauth.Config{Apps: []oauth.App{is.app()}, Store: new(oauth.MemoryStore), Transport: hosts{u.Host: is}}
}

// account returns the test user's account.
func account(t testing.TB, is *issuer, c oauth.Config) *oauth.Account {
	t.Helper()
	a, err := oauth.NewAccount(is.name, testUser, c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// signedIn returns an account that the user has signed in to. Its access token expires in
// an hour.
func signedIn(t testing.TB, is *issuer, c oauth.Config) *oauth.Account {
	t.Helper()
	a := account(t, is, c)
	is.signIn(t, a, c.Store, "0")
	return a
}

// signIn makes tokens with a number good, and puts them into a store.
func (is *issuer) signIn(t testing.TB, a *oauth.Account, s oauth.Store, number string) {
	t.Helper()
	refresh := "refresh-refresh-refresh-" + number
	is.mu.Lock()
	is.refresh = refresh
	is.mu.Unlock()
	seed(t, a, s, "access-access-access-"+number, refresh, time.Hour)
}

// seed puts tokens into a store.
func seed(t testing.TB, a *oauth.Account, s oauth.Store, access, refresh string, lifetime time.Duration) {
	t.Helper()
	now := time.Now()
	value := oauth.GrantValue(access, refresh, now, now.Add(lifetime))
	if err := s.Update(t.Context(), a.Key(), func([]byte) ([]byte, error) { return value, nil }); err != nil {
		t.Fatal(err)
	}
}

// refreshed makes a ask for a new token, whatever it has.
func refreshed(t testing.TB, a *oauth.Account) (string, error) {
	t.Helper()
	s, err := a.Secret(t.Context(), rejected(tokenOf(t, a)))
	return s.Reveal(), err
}

// tokenOf returns an access token of a.
func tokenOf(t testing.TB, a *oauth.Account) string {
	t.Helper()
	s, err := a.Secret(t.Context(), nil)
	if err != nil {
		t.Error(err)
	}
	return s.Reveal()
}

// rejected is what a Source is told when a mail server does not accept a token.
func rejected(token string) *auth.Error {
	return &auth.Error{Kind: auth.KindCredentials, Rejected: auth.NewSecret(token)}
}

// secretTexts are the beginnings of all that is secret in these tests.
var secretTexts = []string{"access-access", "refresh-refresh", "code-code", "device-code", "client-secret"}

// unsafe returns the secrets in a text.
func unsafe(text string) []string {
	return slices.DeleteFunc(slices.Clone(secretTexts), func(s string) bool { return !strings.Contains(text, s) })
}
