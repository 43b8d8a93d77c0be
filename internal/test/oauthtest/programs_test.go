package oauthtest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/auth/oauth"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
)

// child is the environment variable that makes the test binary run one of children, with
// the arguments of the command line: the CA's file, the issuer, the directory of tokens and
// the mail server.
const child = "OAUTHTEST_CHILD"

func runChild(name string) int {
	err := children[name](os.Args[1], os.Args[2], os.Args[3], os.Args[4])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

var children = map[string]func(ca, issuer, dir, addr string) error{"many": manySessions, "killed": killedBeforeUse}

// program returns the command that runs one of children.
func (l *lab) program(t *testing.T, name, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, l.Dir()+"/certs/ca.pem", l.issuer.URL, dir, imapAddr(l.introspects))
	cmd.Env = append(os.Environ(), child+"="+name)
	return cmd
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

// manySessions waits for a line, and then twenty sessions log in at once.
func manySessions(ca, issuer, dir, addr string) error {
	a, config, err := childAccount(ca, issuer, dir)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
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
	var wg sync.WaitGroup
	var begin []io.Writer
	for range 2 {
		cmd := l.program(t, "many", dir)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(stdout)
		if line, err := lines.ReadString('\n'); err != nil || line != "ready\n" {
			t.Fatalf("%q, %v\n%s", line, err, &stderr)
		}
		begin = append(begin, stdin)
		wg.Go(func() {
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v\n%s", err, &stderr)
			}
		})
	}
	for _, w := range begin {
		io.WriteString(w, "go\n")
	}
	wg.Wait()
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
