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
	"github.com/mailconn/mailconn/internal/test/dnslab/nameservers"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/policy"
)

// terminal runs examples/account.
type terminal struct {
	t       *testing.T
	program string
	args    []string
	dir     string
	typed   string // by the person
}

// newTerminal builds the program. mail.test is a signed zone that names the two servers, and
// a resolver vouches for it; hosted.test is one that is not signed; the signatures of
// old.test have expired.
func (l *lab) newTerminal(t *testing.T, read, send *servers.Server) *terminal {
	t.Helper()
	x := &terminal{t: t, dir: t.TempDir()}
	x.program = filepath.Join(x.dir, "account")
	build := exec.Command("go", "build", "-o", x.program, ".")
	build.Dir = filepath.Join("..", "..", "..", "examples", "account")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var names []string
	for service, addr := range map[string]string{
		"_imaps":      read.Addr(servers.Place{Protocol: policy.IMAP, Implicit: true, Variant: servers.Good}),
		"_submission": send.Addr(servers.Place{Protocol: policy.Submission, Variant: servers.Good}),
	} {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprintf("%s._tcp SRV 0 1 %s mail.test.", service, port))
	}
	zones := nameservers.StartNSD(t,
		nameservers.Zone{Name: "mail.test", Signed: true, Records: append(names, "@ A 127.0.0.1")},
		nameservers.Zone{Name: "hosted.test", Records: names},
		nameservers.Zone{Name: "old.test", Signed: true, Expired: true, Records: names})
	x.args = []string{
		"-loopback", "-resolver", fmt.Sprintf("127.0.0.1:%d", nameservers.StartUnbound(t, zones, zones.Port)), "-trust-ad", "-ca", filepath.Join(l.Dir(), "certs", "ca.pem"),
		"-o", filepath.Join(x.dir, "account.json"), "-tokens", filepath.Join(x.dir, "tokens"),
	}
	return x
}

var (
	devicePrompt  = regexp.MustCompile(`^Open (\S+) on any device, and enter the code (\S+) there\.`)
	browserPrompt = regexp.MustCompile(`^    (https://\S+[?&]response_type=code\S*)()$`)
)

// run runs the program, and returns its screen. If it shows a page to open, signIn is
// called with it and the code to enter there, "" for a browser on this host.
func (x *terminal) run(signIn func(url, code string), args ...string) (screen string, err error) {
	x.t.Helper()
	cmd := exec.CommandContext(x.t.Context(), x.program, append(x.args[:len(x.args):len(x.args)], args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		x.t.Fatal(err)
	}
	cmd.Stdin = strings.NewReader(x.typed)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		x.t.Fatal(err)
	}
	lines, text := bufio.NewReader(out), new(strings.Builder)
	for {
		line, err := lines.ReadString('\n')
		text.WriteString(line)
		for _, prompt := range []*regexp.Regexp{devicePrompt, browserPrompt} {
			if m := prompt.FindStringSubmatch(strings.TrimSuffix(line, "\n")); m != nil && signIn != nil {
				signIn(m[1], m[2])
			}
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

// writeApps writes how the program is registered, with some members more, and returns the
// file.
func (x *terminal) writeApps(issuer, members string) (file string) {
	x.t.Helper()
	file = filepath.Join(x.dir, "apps.json")
	text := fmt.Sprintf(`[{"issuer": %q, "clientID": %q, "scopes": ["openid", "email", "offline_access", "mail"]%s}]`, issuer, servers.OpaqueClient, members)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		x.t.Fatal(err)
	}
	return file
}

// testProgram sets up an account by OAuth, on Dovecot.
func testProgram(t *testing.T, l *lab) {
	s := l.introspects
	l.deliver(t, s.Server, auth.Token{User: servers.Alice, Secret: l.signedIn(t, servers.OpaqueClient, tokenDir(t))})
	x := l.newTerminal(t, s.Server, s.Server)
	const address = servers.Alice + "@mail.test"
	x.args = append(x.args, "-apps", x.writeApps(l.issuer.URL, ""))
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
	tokens, account := filepath.Join(x.dir, "tokens"), filepath.Join(x.dir, "account.json")
	secret := stored(t, tokens)
	file, err := os.ReadFile(account)
	if err != nil || strings.Contains(string(file)+screen, secret) || !strings.Contains(string(file), l.issuer.URL) {
		t.Errorf("%v\n%s", err, file)
	}
	screen, err = x.run(func(string, string) { t.Error("asked again") }, "-check", account)
	if err != nil || !strings.Contains(screen, "\n3 messages") {
		t.Errorf("%v\n%s", err, screen)
	}
	l.revoke(t, secret)
	if screen, err = x.run(nil, "-apps", os.DevNull, "-check", account); err == nil {
		t.Errorf("without a registration:\n%s", screen)
	}
	// An issuer that has no sign-in on another device, as far as the program knows.
	x.writeApps(l.issuer.URL, fmt.Sprintf(`, "redirect": "http://127.0.0.1/signed-in",
		"metadata": {"authorization_endpoint": "%[1]s/auth", "token_endpoint": "%[1]s/token"}`, l.issuer.URL))
	screen, err = x.run(func(url, code string) {
		if err := l.browser(t, address).open(url); err != nil || code != "" {
			t.Errorf("code %q, %v", code, err)
		}
	}, "-check", account)
	if err != nil || !strings.Contains(screen, "Open this page in a browser on this computer") || !strings.Contains(screen, "\n3 messages") {
		t.Errorf("%v\n%s", err, screen)
	}
	t.Log(screen)
}

// TestPassword has a person set up accounts with a password, on Dovecot and Postfix.
func TestPassword(t *testing.T) {
	l := &lab{Lab: servers.New(t)}
	s := l.Dovecot()
	secret := auth.NewSecret(servers.Secret)
	l.deliver(t, s.Server, auth.Password{User: servers.Alice, Secret: secret})
	x := l.newTerminal(t, s.Server, l.Postfix(s))
	const own, hosted, old = servers.Alice + "@mail.test", servers.Alice + "@hosted.test", servers.Alice + "@old.test"
	for _, c := range []struct {
		title, address, typed string
		args                  []string
		questions             int    // besides that for the password
		shows                 string // "" if the account works
	}{
		{"signed zone", own, "", nil, 0, ""},
		{"signed zone, mistyped", own, "mistyped\n", nil, 0, ""},
		{"signed zone, wrong password", own, "wrong", nil, 0, "does not accept this user and password"},
		{"zone without signatures", hosted, "yes\n", nil, 1, ""},
		{"zone without signatures, and no", hosted, "no\n", nil, 1, "you said no, and there is no other server to read mail"},
		{"old signatures", old, "", nil, 0, "signatures that are not valid"},
		{"unknown roots", own, "yes\n", []string{"-ca", ""}, 1, ""},
		{"unknown roots, and no", own, "no\n", []string{"-ca", ""}, 1, "you said no"},
	} {
		x.typed = c.typed
		if c.typed != "wrong" {
			x.typed += servers.Secret + "\n"
		}
		screen, err := x.run(nil, append(c.args, c.address)...)
		works := strings.Contains(screen, "\n3 messages, read by imaps://mail.test") && strings.Contains(screen, "Mail can be sent by submission://mail.test")
		if works != (c.shows == "") || works != (err == nil) || !strings.Contains(screen, c.shows) || strings.Contains(screen, servers.Secret) {
			t.Errorf("%s: %v", c.title, err)
		}
		if n := strings.Count(screen, "(yes or no)"); n != c.questions {
			t.Errorf("%s: %d questions", c.title, n)
		}
		t.Logf("%s:\n%s", c.title, screen)
	}
}
