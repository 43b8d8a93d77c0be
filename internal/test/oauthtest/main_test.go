package oauthtest

import (
	"context"
	"crypto/tls"
	"net/http"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/internal/test/supervise"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

func TestMain(m *testing.M) {
	supervise.Main()
	child.Main(m, children())
}

var mechanisms = []string{"OAUTHBEARER", "XOAUTH2"}

// lab has an authorization server, a mail server that asks it about tokens, and one that
// checks them by itself.
type lab struct {
	*servers.Lab
	issuer                 *servers.Issuer
	introspects, validates *servers.Dovecot
}

// TestOAuth runs all tests with the same servers. Each signs in anew.
func TestOAuth(t *testing.T) {
	l := &lab{Lab: servers.New(t)}
	l.issuer = l.Issuer()
	l.introspects, l.validates = l.DovecotFor(l.issuer, true), l.DovecotFor(l.issuer, false)
	for name, f := range map[string]func(*testing.T, *lab){
		"Device": testDevice, "Browser": testBrowser, "Refused": testRefused, "Protocols": testProtocols,
		"Expiry": testExpiry, "Revocation": testRevocation, "Rotation": testRotation,
		"TwoPrograms": testTwoPrograms, "Killed": testKilled, "Program": testProgram,
	} {
		t.Run(name, func(t *testing.T) { f(t, l) })
	}
}

// app is the program as the issuer knows it under a client id.
func app(issuer, client string) oauth.App {
	return oauth.App{
		Issuer: issuer, ClientID: client, Scopes: []string{"openid", "email", "offline_access", "mail"},
		Redirect: "http://127.0.0.1/signed-in", AuthParams: map[string]string{"prompt": "consent"},
	}
}

// account returns Alice's account, of a program with a client id and a directory for tokens.
func (l *lab) account(t *testing.T, client, dir string) *oauth.Account {
	t.Helper()
	store, err := oauth.NewFileStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := oauth.NewAccount(l.issuer.URL, servers.Alice, oauth.Config{
		Apps: []oauth.App{app(l.issuer.URL, client)}, Store: store, Transport: transport(l.CA.ClientConfig()), RequireIdentity: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// signedIn returns an account that Alice has signed in to with a browser.
func (l *lab) signedIn(t *testing.T, client, dir string) *oauth.Account {
	t.Helper()
	a := l.account(t, client, dir)
	if _, err := a.Browser(t.Context(), l.browser(t, servers.Alice).open); err != nil {
		t.Fatal(err)
	}
	return a
}

func transport(config *tls.Config) *http.Transport {
	return &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
}

const host = "mail.test"

// dialer finds a mail server, and where it is spoken to by a protocol.
func dialer(config *tls.Config, addr string) *dial.Dialer {
	return &dial.Dialer{TLSConfig: config, NetDialer: dialtest.LeadTo(addr), Timeout: 20 * time.Second, LocalName: "client.test"}
}

// login logs Alice in by IMAP with a token.
func (l *lab) login(ctx context.Context, s *servers.Dovecot, mechanism string, source auth.Source) error {
	return loginAt(ctx, l.CA.ClientConfig(), imapAddr(s), mechanism, source)
}

func imapAddr(s *servers.Dovecot) string {
	return s.Addr(servers.Place{Protocol: policy.IMAP, Variant: servers.Good})
}

func loginAt(ctx context.Context, config *tls.Config, addr, mechanism string, source auth.Source) error {
	c, err := imapconn.Dial(ctx, dial.Endpoint{Protocol: policy.IMAP, Host: host, Policy: policy.RequiredSTARTTLS}, &imapconn.Options{
		Dialer: dialer(config, addr), Auth: auth.Token{User: servers.Alice, Secret: source, Mechanisms: []string{mechanism}},
	})
	if err != nil {
		return err
	}
	return c.Logout().Wait()
}

// testProtocols logs in by every protocol and mechanism, with both kinds of token.
func testProtocols(t *testing.T, l *lab) {
	for client, s := range map[string]*servers.Dovecot{servers.OpaqueClient: l.introspects, servers.JWTClient: l.validates} {
		a := l.signedIn(t, client, tokenDir(t))
		for _, mechanism := range mechanisms {
			token := auth.Token{User: servers.Alice, Secret: a, Mechanisms: []string{mechanism}}
			if err := l.login(t.Context(), s, mechanism, a); err != nil {
				t.Errorf("%s, IMAP, %s: %v", s.Name, mechanism, err)
			}
			e := dial.Endpoint{Protocol: policy.POP3, Host: host, Policy: policy.RequiredSTARTTLS}
			at := func() *dial.Dialer {
				return dialer(l.CA.ClientConfig(), s.Addr(servers.Place{Protocol: e.Protocol, Variant: servers.Good}))
			}
			pop, err := pop3conn.Dial(t.Context(), e, &pop3conn.Options{Dialer: at(), Auth: token})
			if err == nil {
				err = pop.Quit(t.Context())
			}
			if err != nil {
				t.Errorf("%s, POP3, %s: %v", s.Name, mechanism, err)
			}
			e.Protocol = policy.Submission
			smtp, err := smtpconn.Dial(t.Context(), e, &smtpconn.Options{Dialer: at(), Auth: token})
			if err == nil {
				err = smtp.Quit(t.Context())
			}
			if err != nil {
				t.Errorf("%s, submission, %s: %v", s.Name, mechanism, err)
			}
		}
	}
	if err := l.login(t.Context(), l.validates, "XOAUTH2", l.signedIn(t, servers.OpaqueClient, tokenDir(t))); err == nil {
		t.Error("a server that only checks JWTs took a token that is none")
	}
}
