package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// page asks the issuer as a browser does, and returns where it is sent to.
func page(t testing.TB, is *issuer, at string) *url.URL {
	t.Helper()
	w := httptest.NewRecorder()
	is.ServeHTTP(w, httptest.NewRequest(http.MethodGet, at, nil))
	back, err := w.Result().Location()
	if err != nil {
		t.Errorf("%s: %v", at, err)
		return &url.URL{}
	}
	return back
}

// visit is what a browser does with a URL of this host.
func visit(at *url.URL) (status int, body string, err error) {
	response, err := http.Get(at.String())
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// browse signs in as a browser does whose person agrees.
func browse(t testing.TB, is *issuer) func(string) error {
	return func(at string) error {
		_, _, err := visit(page(t, is, at))
		return err
	}
}

// The authorization request is as it must be, and the listener is gone after the answer.
func TestRow01Browser(t *testing.T) {
	before := runtime.NumGoroutine()
	is := newIssuer(testIssuer)
	for _, c := range []struct{ registered, host, path string }{
		{"", "127.0.0.1", "/"}, {"http://127.0.0.1/back", "127.0.0.1", "/back"}, {"http://127.0.0.1", "127.0.0.1", ""}, {"http://[::1]/", "::1", "/"},
	} {
		config := is.config()
		config.Apps[0].Redirect = c.registered
		config.Apps[0].AuthParams = map[string]string{"prompt": "consent"}
		a := account(t, is, config)
		var asked *url.URL
		states := map[string]bool{}
		for range 2 {
			done, err := a.Browser(t.Context(), func(at string) error {
				asked, _ = url.Parse(at)
				status, body, err := visit(page(t, is, at))
				if err != nil || status != 200 || !strings.Contains(body, "go back to the program") {
					t.Errorf("the person sees %d %q, %v", status, body, err)
				}
				return err
			})
			if err != nil || !done.Lasting || !slices.Equal(done.Scopes, []string{"mail", "offline_access"}) {
				t.Fatalf("%q: %+v, %v", c.registered, done, err)
			}
			states[asked.Query().Get("state")], states[asked.Query().Get("code_challenge")] = true, true
		}
		if len(states) != 4 {
			t.Errorf("states and challenges %v", states)
		}
		q := asked.Query()
		for name, want := range map[string]string{
			"response_type": "code", "client_id": testClient, "scope": "mail offline_access", "code_challenge_method": "S256",
			"login_hint": testUser, "prompt": "consent", "theme": "dark",
		} {
			if !slices.Equal(q[name], []string{want}) {
				t.Errorf("%s is %q", name, q[name])
			}
		}
		back, err := url.Parse(q.Get("redirect_uri"))
		if err != nil || back.Scheme != "http" || back.Hostname() != c.host || back.Port() == "" || back.Path != c.path {
			t.Errorf("%q: redirect URI %v, %v", c.registered, back, err)
		}
		if conn, err := net.Dial("tcp", back.Host); err == nil {
			conn.Close()
			t.Errorf("%q: the port is still open", c.registered)
		}
		if len(q.Get("state")) < 22 || len(q.Get("code_challenge")) != 43 {
			t.Errorf("state %q, challenge %q", q.Get("state"), q.Get("code_challenge"))
		}
	}
	noMore(t, before)
}

// noMore waits until there are no more goroutines than before.
func noMore(t *testing.T, before int) {
	t.Helper()
	for range 2000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		http.DefaultClient.CloseIdleConnections()
		time.Sleep(time.Millisecond)
	}
	text := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, text[:runtime.Stack(text, true)])
}

// The wait for the person ends with the context, and leaves nothing behind.
func TestRow01Cancelled(t *testing.T) {
	before := runtime.NumGoroutine()
	is := newIssuer(testIssuer)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("window closed")
	var back *url.URL
	_, err := account(t, is, is.config()).Browser(ctx, func(at string) error {
		back = page(t, is, at)
		cancel(why)
		return nil
	})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Error(err)
	}
	if _, _, err := visit(back); err == nil {
		t.Error("the port is still open")
	}
	noMore(t, before)
}

// Browser ends if the browser cannot be opened.
func TestRow01NoBrowser(t *testing.T) {
	is := newIssuer(testIssuer)
	mine := errors.New("no browser")
	if _, err := account(t, is, is.config()).Browser(t.Context(), func(string) error { return mine }); err != mine {
		t.Error(err)
	}
	for member, value := range map[string]any{"authorization_endpoint": nil, "code_challenge_methods_supported": []string{"plain"}} {
		is := newIssuer(testIssuer)
		is.set(member, value)
		if _, err := account(t, is, is.config()).Browser(t.Context(), noBrowser(t)); !errors.Is(err, oauth.KindUnsupported) {
			t.Errorf("%s: %v", member, err)
		}
	}
}

// The verifier of PKCE goes with the code, and a code is of no use without it.
func TestRow01Verifier(t *testing.T) {
	is := newIssuer(testIssuer)
	is.override = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.PostForm.Has("code_verifier") {
			if n := len(r.PostForm.Get("code_verifier")); n < 43 || r.PostForm.Get("redirect_uri") == "" {
				t.Errorf("verifier of %d characters, redirect URI %q", n, r.PostForm.Get("redirect_uri"))
			}
			r.PostForm.Set("code_verifier", strings.Repeat("x", 43))
		}
		return false
	}
	_, err := account(t, is, is.config()).Browser(t.Context(), browse(t, is))
	var consent *oauth.ConsentError
	if !errors.As(err, &consent) || !errors.Is(err, oauth.KindGrant) {
		t.Error(err)
	}
}

// Requests that are not the answer are refused and make no difference.
func TestRow02OtherRequests(t *testing.T) {
	is := newIssuer(testIssuer)
	done, err := account(t, is, is.config()).Browser(t.Context(), func(at string) error {
		back := page(t, is, at)
		variants := map[string]func(*url.URL, url.Values){
			"wrong state":    func(_ *url.URL, q url.Values) { q.Set("state", "x") },
			"no state":       func(_ *url.URL, q url.Values) { q.Del("state") },
			"longer state":   func(_ *url.URL, q url.Values) { q.Set("state", q.Get("state")+"x") },
			"two states":     func(_ *url.URL, q url.Values) { q.Add("state", "x") },
			"error":          func(_ *url.URL, q url.Values) { q.Set("state", "x"); q.Set("error", "access_denied") },
			"favicon":        func(u *url.URL, _ url.Values) { u.Path = "/favicon.ico" },
			"another path":   func(u *url.URL, _ url.Values) { u.Path = "/x" },
			"nothing at all": func(u *url.URL, q url.Values) { clear(q) },
		}
		for name, change := range variants {
			u, q := *back, back.Query()
			change(&u, q)
			u.RawQuery = q.Encode()
			status, body, err := visit(&u)
			if err != nil || status != 400 && status != 404 || strings.Contains(body, "go back") {
				t.Errorf("%s: %d %q, %v", name, status, body, err)
			}
		}
		response, err := http.Post(back.String(), "application/x-www-form-urlencoded", nil)
		if err != nil || response.StatusCode != 400 {
			t.Errorf("POST: %v, %v", response, err)
		}
		if response != nil {
			response.Body.Close()
		}
		_, _, err = visit(back)
		return err
	})
	if err != nil || done == nil {
		t.Errorf("then the answer: %v", err)
	}
}

// Of two answers the first is taken.
func TestRow02SecondAnswer(t *testing.T) {
	is := newIssuer(testIssuer)
	_, err := account(t, is, is.config()).Browser(t.Context(), func(at string) error {
		first, second := page(t, is, at), page(t, is, at)
		if _, _, err := visit(first); err != nil {
			return err
		}
		status, body, err := visit(second) // unless the port is closed already
		if err == nil && (status != 400 || strings.Contains(body, "go back")) {
			t.Errorf("second answer: %d %q", status, body)
		}
		return nil
	})
	if codes := len(is.codes); err != nil || codes != 1 {
		t.Errorf("%d codes are left, %v", codes, err)
	}
	if _, left := is.codes["code-code-code-code-2"]; !left {
		t.Error("the second answer was taken")
	}
}

// An answer counts only for the host that the issuer was told: a page of an attacker's can
// Where there is no 127.0.0.1 the browser comes back to ::1, unless the program has
// What the person or the issuer says no to is typed.
func TestRow02Refused(t *testing.T) {
	for code, kind := range map[string]oauth.Kind{
		"access_denied": oauth.KindDenied, "server_error": oauth.KindTemporary, "temporarily_unavailable": oauth.KindTemporary,
		"invalid_scope": oauth.KindConfiguration, "login_required": oauth.KindGrant, "\x1b[2J": oauth.KindConfiguration,
	} {
		is := newIssuer(testIssuer)
		is.redirect = func(q url.Values) {
			q.Del("code")
			q.Set("error", code)
			q.Set("error_description", "state is "+q.Get("state")+"\x1b[2J")
		}
		var state string
		_, err := account(t, is, is.config()).Browser(t.Context(), func(at string) error {
			u, _ := url.Parse(at)
			state = u.Query().Get("state")
			_, body, err := visit(page(t, is, at))
			if !strings.Contains(body, "did not succeed") {
				t.Errorf("%q: the person sees %q", code, body)
			}
			return err
		})
		var failed *oauth.Error
		if !errors.As(err, &failed) || failed.Kind != kind || failed.Description != "state is [secret]\ufffd[2J" || failed.Code == "" || failed.Hint() == "" {
			t.Errorf("%q: %v", code, err)
		}
		if text := fmt.Sprint(err); strings.Contains(text, state) || strings.Contains(text, "\x1b") {
			t.Errorf("%q: error %q", code, text)
		}
		if got := is.seen("/token"); got != nil {
			t.Errorf("%q: %q", code, got)
		}
	}
}
