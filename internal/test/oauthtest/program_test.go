package oauthtest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
)

// terminal runs examples/account.
type terminal struct {
	t       *testing.T
	program string
	args    []string
	dir     string
}

// newTerminal builds the program. mail.test is a validated zone that names the two servers.
func (l *lab) newTerminal(t *testing.T, read, send *servers.Server) *terminal {
	t.Helper()
	x := &terminal{t: t, dir: t.TempDir()}
	x.program = filepath.Join(x.dir, "account")
	build := exec.Command("go", "build", "-o", x.program, ".")
	build.Dir = filepath.Join("..", "..", "..", "examples", "account")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	names := new(fakenet.Names)
	names.Add("mail.test A 127.0.0.1")
	for service, addr := range map[string]string{
		"_imaps":      read.Addr(servers.Place{Protocol: policy.IMAP, Implicit: true, Variant: servers.Good}),
		"_submission": send.Addr(servers.Place{Protocol: policy.Submission, Variant: servers.Good}),
	} {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		names.Add(fmt.Sprintf("%s._tcp.mail.test SRV 0 1 %s mail.test.", service, port))
	}
	names.Sign("mail.test")
	at, stop := names.Loopback()
	t.Cleanup(stop)
	x.args = []string{
		"-loopback", "-resolver", at.String(), "-trust-ad", "-ca", filepath.Join(l.Dir(), "certs", "ca.pem"),
		"-o", filepath.Join(x.dir, "account.json"), "-tokens", filepath.Join(x.dir, "tokens"),
	}
	return x
}

var prompts = regexp.MustCompile(`^Open (\S+) on any device, and enter the code (\S+) there\.`)

// run runs the program, and returns its screen. If it shows a code, signIn is called.
func (x *terminal) run(signIn func(url, code string), args ...string) (screen string, err error) {
	x.t.Helper()
	cmd := exec.CommandContext(x.t.Context(), x.program, append(x.args[:len(x.args):len(x.args)], args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		x.t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	lines, text := bufio.NewReader(out), new(strings.Builder)
	for {
		line, err := lines.ReadString('\n')
		text.WriteString(line)
		if m := prompts.FindStringSubmatch(line); m != nil && signIn != nil {
			signIn(m[1], m[2])
		}
		if err == io.EOF {
			break
		}
	}
	return text.String() + stderr.String(), cmd.Wait()
}

// deliver puts three messages into Alice's mailbox.
func (l *lab) deliver(t *testing.T, s *servers.Server, creds auth.Credentials) {
	t.Helper()
	c, err := imapconn.Dial(t.Context(), dial.Endpoint{Protocol: policy.IMAP, Host: host, Policy: policy.RequiredSTARTTLS}, &imapconn.Options{
		Dialer: dialer(l.CA.ClientConfig(), s.Addr(servers.Place{Protocol: policy.IMAP, Variant: servers.Good})), Auth: creds,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Abort()
	const message = "Subject: hello\r\n\r\nhello\r\n"
	for range 3 {
		w := c.Append("INBOX", int64(len(message)), new(imap.AppendOptions))
		io.WriteString(w, message)
		w.Close()
		if _, err := w.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// testProgram sets up an account by OAuth, on Dovecot.
func testProgram(t *testing.T, l *lab) {
	s := l.introspects
	l.deliver(t, s.Server, auth.Token{User: servers.Alice, Secret: l.signedIn(t, servers.OpaqueClient, tokenDir(t))})
	x := l.newTerminal(t, s.Server, s.Server)
	apps := filepath.Join(x.dir, "apps.json")
	text := fmt.Sprintf(`[{"issuer": %q, "clientID": %q, "scopes": ["openid", "email", "offline_access", "mail"]}]`, l.issuer.URL, servers.OpaqueClient)
	if err := os.WriteFile(apps, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const address = servers.Alice + "@mail.test"
	x.args = append(x.args, "-apps", apps)
	screen, err := x.run(func(url, code string) {
		b := l.browser(t, address)
		b.code = code
		if err := b.open(url); err != nil {
			t.Error(err)
		}
	}, "-issuer", l.issuer.URL, address)
	if err != nil || !strings.Contains(screen, "\n3 messages, read by imaps://mail.test") || !strings.Contains(screen, "Mail can be sent by submission://mail.test") || strings.Contains(screen, "yes or no") {
		t.Errorf("%v\n%s", err, screen)
	}
	t.Log(screen)
	tokens := filepath.Join(x.dir, "tokens")
	secret := stored(t, tokens)
	file, err := os.ReadFile(filepath.Join(x.dir, "account.json"))
	if err != nil || strings.Contains(string(file)+screen, secret) || !strings.Contains(string(file), l.issuer.URL) {
		t.Errorf("%v\n%s", err, file)
	}
	screen, err = x.run(func(string, string) { t.Error("asked again") }, "-check", filepath.Join(x.dir, "account.json"))
	if err != nil || !strings.Contains(screen, "\n3 messages") {
		t.Errorf("%v\n%s", err, screen)
	}
	l.revoke(t, secret)
	screen, err = x.run(nil, "-apps", os.DevNull, "-check", filepath.Join(x.dir, "account.json"))
	if err == nil {
		t.Errorf("without a registration:\n%s", screen)
	}
}

// TestPassword has the program set up an account with a password, on Dovecot and Postfix.
func TestPassword(t *testing.T) {
	l := &lab{Lab: servers.New(t)}
	s := l.Dovecot()
	secret := auth.NewSecret(servers.Secret)
	l.deliver(t, s.Server, auth.Password{User: servers.Alice, Secret: secret})
	x := l.newTerminal(t, s.Server, l.Postfix(s))
	file := filepath.Join(x.dir, "password")
	if err := os.WriteFile(file, []byte(servers.Secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	screen, err := x.run(nil, "-password-file", file, servers.Alice+"@mail.test")
	if err != nil || !strings.Contains(screen, "\n3 messages, read by imaps://mail.test") || !strings.Contains(screen, "Mail can be sent by submission://mail.test") || strings.Contains(screen, servers.Secret) {
		t.Errorf("%v\n%s", err, screen)
	}
	t.Log(screen)
}
