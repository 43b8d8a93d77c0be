package oauthtest

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
)

// secret returns a's access token, another one if refused is what it was.
func secret(t *testing.T, a *oauth.Account, refused string) string {
	t.Helper()
	var told *auth.Error
	if refused != "" {
		told = &auth.Error{Kind: auth.KindCredentials, Rejected: auth.NewSecret(refused)}
	}
	s, err := a.Secret(t.Context(), told)
	if err != nil {
		t.Error(err)
	}
	return s.Reveal()
}

// tokenDir returns a directory that a FileStore takes, whatever the umask.
func tokenDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

var refreshToken = regexp.MustCompile(`"refresh_token": "([^"]+)"`)

// tokenFile returns the only file of tokens in a directory.
func tokenFile(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %q, %v", files, err)
	}
	return files[0]
}

// stored returns the refresh token in the only file of a directory.
func stored(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(tokenFile(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	m := refreshToken.FindSubmatch(text)
	if m == nil {
		t.Fatalf("no refresh token in %s", text)
	}
	return string(m[1])
}

// testExpiry uses tokens that are good for a few seconds: the account replaces one before
// it expires, and the mail server refuses it after that.
func testExpiry(t *testing.T, l *lab) {
	a := l.signedIn(t, servers.ShortClient, tokenDir(t))
	first, before := secret(t, a, ""), l.issuer.Granted("refresh_token")
	if err := l.login(t.Context(), l.validates, "OAUTHBEARER", auth.NewSecret(first)); err != nil {
		t.Errorf("at first: %v", err)
	}
	// The issuer and the mail server have the system's clock, so that time has to pass.
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	second := first
	for range 10 * 60 * servers.ShortLifetime {
		if second = secret(t, a, ""); second != first {
			break
		}
		<-again.C
	}
	if n := l.issuer.Granted("refresh_token") - before; second == first || n != 1 {
		t.Fatalf("the token was not replaced, %d refreshes", n)
	}
	var err error
	for range 10 * 60 * servers.ShortLifetime {
		if err = l.login(t.Context(), l.validates, "OAUTHBEARER", auth.NewSecret(first)); err != nil {
			break
		}
		<-again.C
	}
	var failed *auth.Error
	if !errors.As(err, &failed) || failed.Temporary() {
		t.Errorf("with the token that has expired: %v", err)
	}
	for _, mechanism := range mechanisms {
		if err := l.login(t.Context(), l.validates, mechanism, a); err != nil {
			t.Errorf("%s, afterwards: %v", mechanism, err)
		}
	}
}

// revoke tells the issuer that a token is not to be taken any more (RFC 7009).
func (l *lab) revoke(t *testing.T, token string) {
	t.Helper()
	l.ask(t, "/token/revocation", url.Values{"client_id": {servers.OpaqueClient}, "token": {token}})
}

// withdraw makes the issuer end an access token, and nothing else.
func (l *lab) withdraw(t *testing.T, token string) {
	t.Helper()
	l.ask(t, "/withdraw?"+token, nil)
}

func (l *lab) ask(t *testing.T, path string, form url.Values) {
	t.Helper()
	client := http.Client{Transport: transport(l.CA.ClientConfig())}
	response, err := client.PostForm(l.issuer.URL+path, form)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, response.Status)
	}
}

// testRevocation withdraws an access token, which is replaced when the mail server refuses
// it, and revokes the refresh token, after which Alice has to sign in again.
func testRevocation(t *testing.T, l *lab) {
	for _, mechanism := range mechanisms {
		dir := tokenDir(t)
		a := l.signedIn(t, servers.OpaqueClient, dir)
		token, before := secret(t, a, ""), l.issuer.Granted("refresh_token")
		l.withdraw(t, token)
		var failed *auth.Error
		if err := l.login(t.Context(), l.introspects, mechanism, auth.NewSecret(token)); !errors.As(err, &failed) {
			t.Errorf("%s: with the revoked token: %v", mechanism, err)
		}
		if err := l.login(t.Context(), l.introspects, mechanism, a); err != nil {
			t.Errorf("%s: with another: %v", mechanism, err)
		}
		if n := l.issuer.Granted("refresh_token") - before; n != 1 {
			t.Errorf("%s: %d refreshes", mechanism, n)
		}
		l.revoke(t, stored(t, dir))
		for range 2 {
			err := l.login(t.Context(), l.introspects, mechanism, a)
			var consent *oauth.ConsentError
			if !errors.As(err, &consent) || !errors.Is(err, oauth.KindGrant) {
				t.Errorf("%s: revoked: %v", mechanism, err)
			}
		}
		if _, err := a.Browser(t.Context(), l.browser(t, servers.Alice).open); err != nil {
			t.Error(err)
		}
		if err := l.login(t.Context(), l.introspects, mechanism, a); err != nil {
			t.Errorf("%s: signed in again: %v", mechanism, err)
		}
	}
}

// testRotation refreshes several times. Each brings another refresh token; the issuer takes
// a used one for stolen, and ends the grant.
func testRotation(t *testing.T, l *lab) {
	dir := tokenDir(t)
	a := l.signedIn(t, servers.OpaqueClient, dir)
	seen := map[string]bool{stored(t, dir): true}
	copied := tokenDir(t)
	name := filepath.Base(tokenFile(t, dir))
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err == nil {
		err = os.WriteFile(filepath.Join(copied, name), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	token := secret(t, a, "")
	for range 5 {
		token = secret(t, a, token)
		seen[stored(t, dir)] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d refresh tokens", len(seen))
	}
	if err := l.login(t.Context(), l.introspects, "XOAUTH2", a); err != nil {
		t.Error(err)
	}
	told := &auth.Error{Kind: auth.KindCredentials, Rejected: auth.NewSecret(token)}
	thief := l.account(t, servers.OpaqueClient, copied)
	var consent *oauth.ConsentError
	if _, err := thief.Secret(t.Context(), &auth.Error{Rejected: auth.NewSecret(secret(t, thief, ""))}); !errors.As(err, &consent) {
		t.Errorf("with a refresh token that was used: %v", err)
	}
	if _, err := a.Secret(t.Context(), told); !errors.As(err, &consent) {
		t.Errorf("after that: %v", err)
	}
}
