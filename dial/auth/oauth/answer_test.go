package oauth_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// Answers that are none are typed, and lead nowhere.
func TestRow13Answers(t *testing.T) {
	write := func(contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.Write([]byte(body))
		}
	}
	const good = `{"access_token":"access-access-access-9","token_type":"Bearer","expires_in":3600}`
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		good   bool
	}{
		"307": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.test/token", http.StatusTemporaryRedirect)
		}, false},
		"302, same host":  {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) }, false},
		"2 MB":            {write("application/json", good[:len(good)-1]+`,"x":"`+strings.Repeat("x", 2<<20)+`"}`), false},
		"2 MB error":      {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503); w.Write(make([]byte, 2<<20)) }, false},
		"HTML":            {write("text/html", "<html>"+good), false},
		"HTML as JSON":    {write("application/json", "<html>access-access"), false},
		"form":            {write("application/x-www-form-urlencoded", "access_token=access-access&token_type=bearer"), false},
		"JSON as text":    {write("text/plain", good), false},
		"empty":           {write("application/json", ""), false},
		"null":            {write("application/json", "null"), false},
		"array":           {write("application/json", "["+good+"]"), false},
		"no token":        {write("application/json", `{"token_type":"Bearer"}`), false},
		"numeric token":   {write("application/json", `{"access_token":98765432198765,"token_type":"Bearer"}`), false},
		"other type":      {write("application/json", `{"access_token":"access-access","token_type":"DPoP"}`), false},
		"token with CR":   {write("application/json", `{"access_token":"access-access\r\nx","token_type":"Bearer"}`), false},
		"token with ^A":   {write("application/json", `{"access_token":"access-access\u0001x","token_type":"Bearer"}`), false},
		"error as object": {write("application/json", `{"error":{"code":7}}`), false},
		"201":             {func(w http.ResponseWriter, _ *http.Request) { answer(w, 201, json.RawMessage(good)) }, false},
		"good":            {write("application/json", good), true},
		"good, long name": {write("application/problem+json; charset=utf-8", good), true},
		"long lifetime":   {write("application/json", `{"access_token":"access-access-access-9","token_type":"BEARER","expires_in":"99999999999"}`), true},
	} {
		evil := newIssuer("https://evil.test")
		is := newIssuer(testIssuer)
		is.override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == "POST" {
				c.answer(w, r)
			}
			return r.Method == "POST"
		}
		config := is.config()
		config.Transport = hosts{"login.test": is, "evil.test": evil}
		s, err := signedIn(t, is, config).Secret(t.Context(), rejected("access-access-access-0"))
		if c.good {
			if err != nil || s.Reveal() != "access-access-access-9" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var failed *oauth.Error
		if !errors.As(err, &failed) || failed.Kind != oauth.KindIssuer || failed.Temporary() || strings.Contains(err.Error(), "98765") || len(unsafe(err.Error())) > 0 {
			t.Errorf("%s: %v", name, err)
		}
		if got := evil.seen(""); got != nil || len(is.seen("other")) > 0 {
			t.Errorf("%s: followed: %q, %q", name, got, is.seen(""))
		}
	}
}

// endless is a transport whose answers do not end.
type endless struct{ read int }

func (e *endless) RoundTrip(*http.Request) (*http.Response, error) {
	header := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(e)}, nil
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read += len(p); e.read > 10<<20 {
		return 0, errors.New("far too much was read")
	}
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// No more of an answer is read than is looked at.
func TestRow13Endless(t *testing.T) {
	is := newIssuer(testIssuer)
	c := is.config()
	body := new(endless)
	c.Transport = body
	_, err := signedIn(t, is, c).Secret(t.Context(), rejected("access-access-access-0"))
	if !errors.Is(err, oauth.KindIssuer) || body.read > 200<<10 {
		t.Errorf("%d bytes read: %v", body.read, err)
	}
}

// An answer that begins and does not end is a temporary failure after the time-out.
func TestRow13Unfinished(t *testing.T) {
	is, c, _ := server(t)
	signedIn(t, is, c)
	is.mu.Lock()
	is.override = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"access_token":`)
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return true
	}
	is.mu.Unlock()
	c.Timeout = 100 * time.Millisecond
	if _, err := account(t, is, c).Secret(t.Context(), rejected("access-access-access-0")); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, oauth.KindTemporary) {
		t.Error(err)
	}
}

// A redirect of the token endpoint is not followed by a real transport either.
func TestRow13RealRedirect(t *testing.T) {
	is, c, _ := server(t)
	asked := make(chan string, 10)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer other.Close()
	a := signedIn(t, is, c)
	is.mu.Lock()
	is.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == "POST" {
			http.Redirect(w, r, other.URL+"/token", http.StatusTemporaryRedirect)
		}
		return r.Method == "POST"
	}
	is.mu.Unlock()
	if _, err := a.Secret(t.Context(), rejected("access-access-access-0")); !errors.Is(err, oauth.KindIssuer) {
		t.Error(err)
	}
	if len(asked) > 0 {
		t.Errorf("followed to %s", <-asked)
	}
}

// An issuer whose certificate is not valid gets nothing, and the error holds the standard
// library's.
func TestRow13Certificate(t *testing.T) {
	is, c, _ := server(t)
	signedIn(t, is, c)
	c.Transport = nil
	a := account(t, is, c)
	_, err := a.Secret(t.Context(), rejected("access-access-access-0"))
	var wrong *tls.CertificateVerificationError
	if !errors.As(err, &wrong) || !errors.Is(err, oauth.KindIssuer) || is.seen("") != nil {
		t.Errorf("%v, requests %q", err, is.seen(""))
	}
}

// formats returns what a value shows of itself.
func formats(v any) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%v %+v %#v %s %q %x %d", v, v, v, v, v, v, v)
	slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "value", v)
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "value", v)
	encoded, _ := json.Marshal(v) // fails for some
	return text.String() + string(encoded)
}

// An issuer that repeats what it was sent betrays nothing, whatever it says.
func TestRow14Errors(t *testing.T) {
	note := func(err error) {
		var failed *oauth.Error
		if !errors.As(err, &failed) || failed.Status != 400 || !strings.Contains(failed.Description, "[secret]") {
			t.Errorf("error %+v", err)
		} else if text := formats(err) + formats(*failed); len(unsafe(text)) > 0 {
			t.Errorf("%q in %s", unsafe(text), text)
		}
	}
	is := newIssuer(testIssuer)
	is.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/token" {
			return false
		}
		var said []string
		for _, values := range r.PostForm {
			said = append(said, values...)
			said = append(said, url.QueryEscape(values[0]))
		}
		answer(w, 400, map[string]string{"error": "x " + strings.Join(said, " "), "error_description": strings.Join(said, " "), "access_token": "access-access"})
		return true
	}
	c := is.config()
	c.Apps[0].ClientSecret = auth.NewSecret("client-secret-client-secret")
	is.set("token_endpoint_auth_methods_supported", []string{"client_secret_post"})
	a := signedIn(t, is, c)
	_, err := refreshed(t, a)
	note(err)
	_, err = a.Browser(t.Context(), browse(t, is))
	note(err)
	synctest.Test(t, func(t *testing.T) {
		_, err := account(t, is, c).Device(t.Context(), func(oauth.DevicePrompt) error { return nil })
		note(err)
	})
}

// What holds secrets shows none, however it is printed, and whatever has happened to it.
func TestRow14Printed(t *testing.T) {
	is := newIssuer(testIssuer)
	c := is.config()
	c.Apps[0].ClientSecret = auth.NewSecret("client-secret-client-secret")
	good, done, unsaved := signedIn(t, is, c), account(t, is, c), c
	if _, err := refreshed(t, good); err != nil {
		t.Error(err)
	}
	unsaved.Store = &spy{Store: c.Store, before: func() error { return syscall.ENOSPC }}
	failing := account(t, is, unsaved)
	if _, err := refreshed(t, failing); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	is.refresh = ""
	if _, err := refreshed(t, done); !errors.Is(err, oauth.KindGrant) {
		t.Error(err)
	}
	c.Transport = nil // the tests' own has the issuer in it
	values := []any{c, &c, c.Apps, c.Store, good, failing, done}
	for _, a := range []*oauth.Account{good, failing, done} {
		if err := a.Wait(t.Context()); err != nil { // printing takes no lock
			t.Error(err)
		}
		values = append(values, struct {
			A, a *oauth.Account
			C, c oauth.Config
		}{a, a, c, c})
	}
	for _, v := range values {
		if text := formats(v); len(unsafe(text)) > 0 {
			t.Errorf("%q in %s", unsafe(text), text)
		}
	}
}

// A short client secret is not cut out: the gap would show it.
func TestRow14ShortSecret(t *testing.T) {
	is := newIssuer(testIssuer)
	c := is.config()
	c.Apps[0].ClientSecret = auth.NewSecret("pass")
	is.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == "POST" {
			answer(w, 401, map[string]string{"error": "invalid_client", "error_description": "the password is wrong"})
		}
		return r.Method == "POST"
	}
	_, err := refreshed(t, signedIn(t, is, c))
	var failed *oauth.Error
	if !errors.As(err, &failed) || failed.Description != "" || failed.Code != "invalid_client" {
		t.Error(err)
	}
}

// A transcript of the mail connection has no token, and neither has the login's error.
func TestRow14Transcript(t *testing.T) {
	for _, mechanism := range []string{"OAUTHBEARER", "XOAUTH2"} {
		is := newIssuer(testIssuer)
		a := signedIn(t, is, is.config())
		s := newMailServer(t, mechanism, `{"status":"401 access-access-access-0"}`)
		transcript, err := s.login(a)
		if err == nil || !strings.Contains(transcript, "AUTH "+mechanism) {
			t.Errorf("%v\n%s", err, transcript)
		}
		if got := unsafe(fmt.Sprintf("%v %+v", err, err) + transcript); len(got) > 0 {
			t.Errorf("%s: %q in %v\n%s", mechanism, got, err, transcript)
		}
	}
}

// Errors are printable and not too long, whatever the issuer says.
func TestErrorIsPrintable(t *testing.T) {
	is := newIssuer(testIssuer)
	a := signedIn(t, is, is.config())
	is.override = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == "POST" {
			answer(w, 400, map[string]string{"error": "\x1b[2J\u202e", "error_description": strings.Repeat("\r\nx", 5000)})
		}
		return r.Method == "POST"
	}
	_, err := a.Secret(context.Background(), rejected("access-access-access-0"))
	var failed *oauth.Error
	if text := fmt.Sprint(err); !errors.As(err, &failed) || len(text) > 512 || len(failed.Description) > 512 || strings.ContainsAny(text+failed.Code+failed.Description, "\x1b\u202e\r\n") {
		t.Errorf("%d bytes: %q", len(text), text)
	}
}

// A lifetime that is odd does not cost the refresh token beside it.
func TestLifetimeBesideRefreshToken(t *testing.T) {
	for lifetime, want := range map[string]time.Duration{ // how long no other token is asked for; 0 is for good
		"600": 9 * time.Minute, `"600"`: 9 * time.Minute, "600.9": 9 * time.Minute, `"600.0"`: 9 * time.Minute, `" 600 "`: 9 * time.Minute, "6e2": 9 * time.Minute,
		`""`: 0, "null": 0, `"soon"`: 0, "-1": 0, "-1.5": 0, "1e400": 0, `"NaN"`: 0, "[600]": 0, "true": 0, "1e30": (1<<31 - 61) * time.Second,
	} {
		inBubble(t, func(t *testing.T, is *issuer, _ oauth.Config, a *oauth.Account) {
			var asked []string
			is.override = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != "POST" {
					return false
				}
				asked = append(asked, r.FormValue("refresh_token"))
				n := len(asked)
				answer(w, 200, json.RawMessage(fmt.Sprintf(`{"access_token":"access-%d","token_type":"Bearer","refresh_token":"refresh-%d","expires_in":%s,"x":{}}`, n, n, lifetime)))
				return true
			}
			if s, err := a.Secret(t.Context(), rejected("access-access-access-0")); err != nil || s.Reveal() != "access-1" {
				t.Errorf("%s: %v", lifetime, err)
				return
			}
			if want > 0 {
				time.Sleep(want - time.Second)
				tokenOf(t, a)
				if len(asked) != 1 {
					t.Errorf("%s: asked again too soon", lifetime)
				}
				time.Sleep(time.Second)
			} else {
				time.Sleep(1000 * time.Hour)
				tokenOf(t, a)
				if len(asked) != 1 {
					t.Errorf("%s: asked again", lifetime)
				}
				a.Secret(t.Context(), rejected("access-1"))
			}
			if got := tokenOf(t, a); got != "access-2" || asked[1] != "refresh-1" {
				t.Errorf("%s: then %q by %q", lifetime, got, asked)
			}
		})
	}
}
