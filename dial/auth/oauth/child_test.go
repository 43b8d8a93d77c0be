package oauth_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial/auth/oauth"
	"github.com/mailconn/mailconn/internal/test/child"
)

// certificate is the environment variable with the issuer's certificate.
const certificate = "OAUTH_CERTIFICATE"

func TestMain(m *testing.M) {
	of := func(run func(issuer, dir string, args []string) error) func([]string) error {
		return func(args []string) error { return run(args[0], args[1], args[2:]) }
	}
	child.Main(m, map[string]func([]string) error{"refresh": of(refreshUntilKilled), "many": of(manySessions)})
}

// server makes is reachable for other processes, with a store in a directory.
func server(t *testing.T) (is *issuer, config oauth.Config, dir string) {
	t.Helper()
	is = newIssuer("https://placeholder.test")
	s := httptest.NewTLSServer(is)
	t.Cleanup(s.Close)
	named := newIssuer(s.URL)
	is.name, is.documents = named.name, named.documents
	t.Setenv(certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	dir = t.TempDir()
	config, err := childConfig(s.URL, dir)
	if err != nil {
		t.Fatal(err)
	}
	return is, config, dir
}

// childConfig returns what a process needs to use the issuer of server.
func childConfig(name, dir string) (oauth.Config, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(os.Getenv(certificate)))
	s, err := oauth.NewFileStore(filepath.Join(dir, "tokens"))
	return oauth.Config{
		Apps: []oauth.App{{Issuer: name, ClientID: testClient}}, Store: s,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true},
	}, err
}

// killPoints are the steps of a refresh at which a process is killed.
var killPoints = []string{"request", "answer", "half written", "written", "synced", "renamed", "directory synced", "returned"}

// refreshUntilKilled refreshes the token, and again, until it kills itself at the step that
// it is told, the nth time that it comes there. "any" is any step.
func refreshUntilKilled(name, dir string, args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	at := func(point string) {
		if args[0] == "any" || args[0] == point {
			if n--; n == 0 {
				self, err := os.FindProcess(os.Getpid())
				if err == nil {
					self.Kill()
				}
				select {}
			}
		}
	}
	c, err := childConfig(name, dir)
	if err != nil {
		return err
	}
	c.Transport = told{c.Transport, at}
	s := c.Store.(*oauth.FileStore)
	s.OnWrite(func(f *os.File, b []byte) (int, error) {
		half, err := f.Write(b[:len(b)/2])
		if err != nil {
			return half, err
		}
		at("half written")
		rest, err := f.Write(b[half:])
		at("written")
		return half + rest, err
	})
	s.OnSync(func(f *os.File) error { err := f.Sync(); at("synced"); return err })
	s.OnRename(func(from, to string) error { err := os.Rename(from, to); at("renamed"); return err })
	s.OnSyncDir(func(string) error { at("directory synced"); return nil })
	a, err := oauth.NewAccount(name, testUser, c)
	if err != nil {
		return err
	}
	for {
		now, err := a.Secret(context.Background(), nil)
		if err != nil {
			return err
		}
		if _, err := a.Secret(context.Background(), rejected(now.Reveal())); err != nil {
			return err
		}
		at("returned")
	}
}

// told is a transport that says when a token is asked for, and when the answer is there.
type told struct {
	http.RoundTripper
	at func(string)
}

func (s told) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost {
		return s.RoundTripper.RoundTrip(r)
	}
	s.at("request")
	response, err := s.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(body))
	s.at("answer")
	return response, err
}

// killed runs a child until it is killed.
func killed(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() == 0 || out.Len() > 0 {
		t.Errorf("%v\n%s", err, &out)
	}
}

// A process is killed at each step of a refresh. If the issuer has given a new refresh token
// and it was not written, the user has to sign in again, and the error says so. In every
// other case nothing is lost, and the issuer is asked only once.
func TestRow07Killed(t *testing.T) {
	for _, point := range killPoints {
		is, c, dir := server(t)
		a := signedIn(t, is, c)
		killed(t, child.Command(t, "refresh", is.name, dir, point, "1"))
		s, err := a.Secret(t.Context(), rejected("access-access-access-0"))
		var consent *oauth.ConsentError
		switch lost := point == "answer" || point == "half written"; {
		case lost != errors.As(err, &consent) || lost != (err != nil):
			t.Errorf("%s: %v", point, err)
		case lost && !errors.Is(err, oauth.KindGrant):
			t.Errorf("%s: %v", point, err)
		case !lost && (s.Reveal() != "access-access-access-1" || is.refreshes() != 1):
			t.Errorf("%s: %q after %d refreshes", point, s.Reveal(), is.refreshes())
		}
		if lost := err != nil; lost {
			is.signIn(t, a, c.Store, "8")
		}
		if got, err := refreshed(t, a); err != nil {
			t.Errorf("%s: afterwards %q, %v", point, got, err)
		}
	}
}

// If the issuer takes the refresh token before the last one as well, as many do for a
// while, or never replaces it, nothing is lost wherever a process is killed.
func TestRow07KilledAnywhere(t *testing.T) {
	for _, rotates := range []bool{true, false} {
		is, c, dir := server(t)
		signedIn(t, is, c)
		var before string
		is.mu.Lock()
		is.override = func(_ http.ResponseWriter, r *http.Request) bool {
			if given := r.PostForm.Get("refresh_token"); rotates && given != "" {
				if given == before {
					is.refresh = before
				}
				before = is.refresh
			}
			return false
		}
		if !rotates {
			is.fixed = is.refresh
		}
		is.mu.Unlock()
		for range 15 {
			killed(t, child.Command(t, "refresh", is.name, dir, "any", strconv.Itoa(1+rand.IntN(3*len(killPoints)))))
			if _, err := refreshed(t, account(t, is, c)); err != nil {
				t.Errorf("rotates %v: %v", rotates, err)
			}
		}
	}
}

// manySessions waits for the other program, and then many sessions want a token at once.
func manySessions(name, dir string, args []string) error {
	c, err := childConfig(name, dir)
	if err != nil {
		return err
	}
	a, err := oauth.NewAccount(name, testUser, c)
	if err != nil {
		return err
	}
	if err := child.Ready(); err != nil {
		return err
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			s, err := a.Secret(context.Background(), rejected(args[0]))
			fmt.Println(s.Reveal(), err)
		})
	}
	wg.Wait()
	return nil
}

// Two processes with twenty sessions each make one refresh.
func TestRow08TwoPrograms(t *testing.T) {
	is, c, dir := server(t)
	signedIn(t, is, c)
	many := func() *exec.Cmd { return child.Command(t, "many", is.name, dir, "access-access-access-0") }
	for _, text := range child.Together(t, many(), many()) {
		if text != strings.Repeat("access-access-access-1 <nil>\n", 20) {
			t.Errorf("%s", text)
		}
	}
	if n := is.refreshes(); n != 1 {
		t.Errorf("%d refreshes", n)
	}
}
