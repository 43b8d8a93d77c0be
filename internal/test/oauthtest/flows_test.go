package oauthtest

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial/auth/oauth"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
)

// testDevice signs in on another device, and logs in with the token.
func testDevice(t *testing.T, l *lab) {
	a := l.account(t, servers.OpaqueClient, tokenDir(t))
	b := l.browser(t, servers.Alice)
	done, err := a.Device(t.Context(), func(p oauth.DevicePrompt) error {
		b.code = p.Code
		return b.open(p.URL)
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(b.pages, "\n"))
	}
	if done.Identity != servers.Alice || done.Warning != nil || !done.Lasting || !slices.Contains(done.Scopes, "mail") {
		t.Errorf("%+v", done)
	}
	if err := l.login(t.Context(), l.introspects, "OAUTHBEARER", a); err != nil {
		t.Error(err)
	}
}

// testBrowser signs in with a browser, by both loopback addresses.
func testBrowser(t *testing.T, l *lab) {
	for _, redirect := range []string{"http://127.0.0.1/signed-in", "http://[::1]/"} {
		program := app(l.issuer.URL, servers.OpaqueClient)
		program.Redirect = redirect
		a, err := oauth.NewAccount(l.issuer.URL, servers.Alice, oauth.Config{
			Apps: []oauth.App{program}, Store: new(oauth.MemoryStore), Transport: transport(l.CA.ClientConfig()),
		})
		if err != nil {
			t.Fatal(err)
		}
		b := l.browser(t, servers.Alice)
		done, err := a.Browser(t.Context(), b.open)
		if err != nil {
			t.Fatalf("%v\n%s", err, strings.Join(b.pages, "\n"))
		}
		if done.Identity != servers.Alice || done.Warning != nil || !done.Lasting || !slices.Contains(done.Scopes, "mail") {
			t.Errorf("%+v", done)
		}
		if last := b.pages[len(b.pages)-1]; !strings.Contains(last, "go back to the program") {
			t.Errorf("the last page is %s", last)
		}
		for _, mechanism := range mechanisms {
			if err := l.login(t.Context(), l.introspects, mechanism, a); err != nil {
				t.Errorf("%s: %v", mechanism, err)
			}
		}
	}
}

// testRefused has the person say no, the wrong person sign in, and a client that the issuer
// does not know.
func testRefused(t *testing.T, l *lab) {
	a := l.account(t, servers.OpaqueClient, tokenDir(t))
	b := l.browser(t, servers.Alice)
	b.refuse = true
	if _, err := a.Browser(t.Context(), b.open); !errors.Is(err, oauth.KindDenied) {
		t.Errorf("%v\n%s", err, strings.Join(b.pages, "\n"))
	}
	b = l.browser(t, servers.Alice)
	b.refuse = true
	_, err := a.Device(t.Context(), func(p oauth.DevicePrompt) error {
		b.code = p.Code
		return b.open(p.URL)
	})
	if !errors.Is(err, oauth.KindDenied) {
		t.Errorf("%v\n%s", err, strings.Join(b.pages, "\n"))
	}
	var other *oauth.IdentityError
	if _, err := a.Browser(t.Context(), l.browser(t, "mallory").open); !errors.As(err, &other) || other.Identity != "mallory" {
		t.Error(err)
	}
	var consent *oauth.ConsentError
	if err := l.login(t.Context(), l.introspects, "XOAUTH2", a); !errors.As(err, &consent) {
		t.Errorf("after all that: %v", err)
	}
	unknown := l.account(t, "nobody", tokenDir(t))
	var once sync.Once
	_, err = unknown.Device(t.Context(), func(oauth.DevicePrompt) error { once.Do(func() { t.Error("shown") }); return nil })
	if !errors.Is(err, oauth.KindConfiguration) {
		t.Errorf("unknown client: %v", err)
	}
}
