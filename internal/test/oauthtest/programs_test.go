package oauthtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
	"github.com/mailconn/mailconn/internal/test/child"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
)

// children are the programs of tests. Their arguments are the CA's file, the issuer, the
// directory of tokens and the mail server.
func children() map[string]func([]string) error {
	of := func(f func(ca, issuer, dir, addr string) error) func([]string) error {
		return func(args []string) error { return f(args[0], args[1], args[2], args[3]) }
	}
	return map[string]func([]string) error{"many": of(manySessions), "killed": of(killedBeforeUse)}
}

// program returns the command that runs one of children.
func (l *lab) program(t *testing.T, name, dir string) *exec.Cmd {
	t.Helper()
	return child.Command(t, name, l.Dir()+"/certs/ca.pem", l.issuer.URL, dir, imapAddr(l.introspects))
}

// childAccount returns what a child needs: the account, and the roots.
func childAccount(ca, issuer, dir string) (*oauth.Account, *tls.Config, error) {
	text, err := os.ReadFile(ca)
	if err != nil {
		return nil, nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	config := &tls.Config{RootCAs: roots}
	store, err := oauth.NewFileStore(dir)
	if err != nil {
		return nil, nil, err
	}
	a, err := oauth.NewAccount(issuer, servers.Alice, oauth.Config{
		Apps: []oauth.App{app(issuer, servers.OpaqueClient)}, Store: store, Transport: transport(config),
	})
	return a, config, err
}

// manySessions waits for the other program, and then twenty sessions log in at once.
func manySessions(ca, issuer, dir, addr string) error {
	a, config, err := childAccount(ca, issuer, dir)
	if err != nil {
		return err
	}
	if err := child.Ready(); err != nil {
		return err
	}
	var wg sync.WaitGroup
	failed := make(chan error, 20)
	for i := range 20 {
		wg.Go(func() { failed <- loginAt(context.Background(), config, addr, mechanisms[i%2], a) })
	}
	wg.Wait()
	close(failed)
	for e := range failed {
		err = errors.Join(err, e)
	}
	return err
}

// testTwoPrograms has two programs with twenty sessions each log in when the stored token
// has been revoked: one refresh.
func testTwoPrograms(t *testing.T, l *lab) {
	dir := tokenDir(t)
	a := l.signedIn(t, servers.OpaqueClient, dir)
	l.withdraw(t, secret(t, a, ""))
	before := l.issuer.Granted("refresh_token")
	child.Together(t, l.program(t, "many", dir), l.program(t, "many", dir))
	if n := l.issuer.Granted("refresh_token") - before; n != 1 {
		t.Errorf("%d refreshes", n)
	}
	if err := l.login(t.Context(), l.introspects, "XOAUTH2", a); err != nil {
		t.Error(err)
	}
}

// killedBeforeUse refreshes the token and dies before it is used.
func killedBeforeUse(ca, issuer, dir, _ string) error {
	a, _, err := childAccount(ca, issuer, dir)
	if err != nil {
		return err
	}
	now, err := a.Secret(context.Background(), nil)
	if err != nil {
		return err
	}
	if _, err := a.Secret(context.Background(), &auth.Error{Kind: auth.KindCredentials, Rejected: now}); err != nil {
		return err
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	self.Kill()
	select {}
}

// testKilled kills a program between the refresh and the use of the new token: nothing is
// lost, and the issuer is not asked again.
func testKilled(t *testing.T, l *lab) {
	dir := tokenDir(t)
	a := l.signedIn(t, servers.OpaqueClient, dir)
	l.withdraw(t, secret(t, a, ""))
	before, refresh := l.issuer.Granted("refresh_token"), stored(t, dir)
	var exit *exec.ExitError
	if out, err := l.program(t, "killed", dir).CombinedOutput(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("%v\n%s", err, out)
	}
	if stored(t, dir) == refresh {
		t.Error("the new refresh token was not saved")
	}
	for _, mechanism := range mechanisms {
		if err := l.login(t.Context(), l.introspects, mechanism, a); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
	}
	if n := l.issuer.Granted("refresh_token") - before; n != 1 {
		t.Errorf("%d refreshes", n)
	}
}
