package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/examples/internal/accountfile"
	"github.com/mailconn/mailconn/policy"
)

const password = "correct horse battery staple"

func newServer(t *testing.T, c dialtest.Config) *dialtest.Server {
	t.Helper()
	c.User, c.Password = "alice", password
	srv, err := dialtest.NewServer(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	return srv
}

func newMITM(t *testing.T, srv *dialtest.Server, p policy.Protocol, a dialtest.Attack) *dialtest.MITM {
	t.Helper()
	m, err := dialtest.Interpose(srv.Addr(), p, a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// newCA returns a CA and a file with its certificate.
func newCA(t *testing.T) (*dialtest.CA, string) {
	t.Helper()
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	return ca, writeFile(t, ca.PEM())
}

func writeFile(t *testing.T, text []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// expect runs the program and looks for rows and other lines in what it
// writes: in the order given, blanks not counted.
func expect(t *testing.T, status int, stdin string, args []string, lines ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	got := run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	text := stderr.String()
	if status == statusOK {
		text += stdout.String()
	}
	if got != status {
		t.Errorf("%q: status %d, want %d; it says\n%s", args, got, status, text)
	}
	if strings.Contains(stdout.String()+stderr.String(), password) {
		t.Errorf("%q: shows the password:\n%s", args, text)
	}
	rest := strings.Join(strings.Fields(text), " ")
	for _, line := range lines {
		_, after, ok := strings.Cut(rest, line)
		if !ok {
			t.Fatalf("%q: no %q (or not in its place) in\n%s", args, line, text)
		}
		rest = after
	}
}

func TestSuccess(t *testing.T) {
	ca, file := newCA(t)
	caps := map[policy.Protocol]string{policy.IMAP: "IMAP4", policy.POP3: "UIDL", policy.Submission: "AUTH PLAIN", policy.SMTP: "AUTH PLAIN"}
	for protocol, capability := range caps {
		for _, how := range []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS} {
			srv := newServer(t, dialtest.Config{Protocol: protocol, CA: ca, Implicit: how == policy.ImplicitTLS})
			url := srv.Endpoint(how).String()
			lines := []string{
				url + ": protected", "policy " + how.String(), "TLS version TLS 1.3", "cipher suite TLS_",
				"ALPN", "server name 127.0.0.1", "certificate for localhost, mail.test, 127.0.0.1", "issued by CN=dialtest CA",
				"valid 1990-01-01 to 2100-01-01", "days left)", "verified by a chain",
			}
			expect(t, statusOK, "", []string{"-ca", file, url}, append(lines, "logged in no", "capabilities", capability)...)
			expect(t, statusOK, password+"\n", []string{"-ca", file, "-user", "alice", url}, append(lines, "logged in as alice, by PLAIN", "capabilities")...)
		}
	}
}

func TestPasswordFile(t *testing.T) {
	ca, file := newCA(t)
	srv := newServer(t, dialtest.Config{Protocol: policy.POP3, CA: ca})
	url := srv.Endpoint(policy.RequiredSTARTTLS).String()
	right, wrong := writeFile(t, []byte(password+"\r\n")), writeFile(t, []byte("wrong"))
	expect(t, statusOK, "", []string{"-ca", file, "-user", "alice", "-password-file", right, url}, "logged in as alice")
	expect(t, statusFailed, "", []string{"-ca", file, "-user", "alice", "-password-file", wrong, url},
		"phase auth", "error bad credentials", "temporary no", "hint The server does not accept this user and password")
}

// The account file that examples/account writes stands for URL, user and pins.
func TestAccount(t *testing.T) {
	ca, _ := newCA(t) // the server is pinned, and its CA not known
	srv := newServer(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, Implicit: true})
	e := srv.Endpoint(policy.ImplicitTLS)
	seen, err := (&dial.Dialer{}).Inspect(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	pin, _ := seen.Pin()
	a := accountfile.Account{Read: e, Send: e, User: "alice", Pins: []dial.Pin{pin}}
	file := filepath.Join(t.TempDir(), "account.json")
	if err := a.Save(file); err != nil {
		t.Fatal(err)
	}
	expect(t, statusOK, password+"\n", []string{"-account", file}, "pin", "alice")
	for _, args := range [][]string{{"-account", file, e.String()}, {"-account", file, "-user", "bob"}} {
		expect(t, statusUsage, "", args, "-account")
	}
	a.Issuer = "https://login.example.org"
	if err := a.Save(file); err != nil {
		t.Fatal(err)
	}
	expect(t, statusUsage, "", []string{"-account", file}, "examples/account -check")
	expect(t, statusUsage, "", []string{"-account", file + "x"}, "no such file")
}

func TestDowngrade(t *testing.T) {
	ca, file := newCA(t)
	srv := newServer(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, LoginInClear: true})
	url := newMITM(t, srv, policy.IMAP, dialtest.Strip).Endpoint(policy.OpportunisticSTARTTLS).String()
	expect(t, statusOK, "", []string{"-ca", file, "-trace", url},
		"-- connect", "-- greeting", "-- policy decides: stay in the clear",
		"NOT PROTECTED", "downgrade server does not offer STARTTLS", "capabilities")
	login := []string{"-ca", file, "-user", "alice", url}
	expect(t, statusFailed, password, login, "phase auth", "error refusing to send credentials in the clear", "hint")
	expect(t, statusOK, password, append([]string{"-insecure-auth"}, login...), "NOT PROTECTED", "logged in as alice, by PLAIN")
}

func TestFailure(t *testing.T) {
	ca, file := newCA(t)
	starttls := newServer(t, dialtest.Config{Protocol: policy.IMAP, CA: ca})
	expired := newServer(t, dialtest.Config{Protocol: policy.Submission, CA: ca, Cert: dialtest.CertExpired, Implicit: true})
	stripped := newMITM(t, starttls, policy.IMAP, dialtest.Strip)
	stalled := newMITM(t, starttls, policy.IMAP, dialtest.Stall)
	gone := newServer(t, dialtest.Config{Protocol: policy.POP3})
	gone.Close()
	wrongProtocol := starttls.Endpoint(policy.RequiredSTARTTLS)
	wrongProtocol.Protocol = policy.POP3
	for _, c := range []struct {
		e     dial.Endpoint
		lines []string
	}{
		{stripped.Endpoint(policy.RequiredSTARTTLS), []string{
			"no connection", "phase starttls", "error server does not offer STARTTLS", "temporary no", "hint", "imaps://127.0.0.1:993"}},
		{expired.Endpoint(policy.ImplicitTLS), []string{
			"phase handshake", "error tls: failed to verify certificate", "certificate for localhost", "EXPIRED", "temporary no", "hint", "renew"}},
		{starttls.Endpoint(policy.ImplicitTLS), []string{
			"phase handshake", "error server does not speak TLS on this port", "hint", "use imap://127.0.0.1"}},
		{wrongProtocol, []string{"phase greeting", "error malformed answer", "hint", "speaks IMAP"}},
		{gone.Endpoint(policy.ImplicitTLS), []string{"phase connect", "refused", "temporary yes", "hint Nothing listens"}},
		{stalled.Endpoint(policy.RequiredSTARTTLS), []string{"phase starttls", "temporary yes", "hint", "did not answer in the time"}},
	} {
		expect(t, statusFailed, "", []string{"-ca", file, "-timeout", "300ms", c.e.String()}, append([]string{c.e.String()}, c.lines...)...)
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"", "want one URL"},
		{"imaps://a.test imaps://b.test", "want one URL"},
		{"imaps://a.test -trace", "want one URL"},
		{"-no-such-flag imaps://a.test", "no-such-flag"},
		{"-timeout never imaps://a.test", "-timeout"},
		{"-timeout 0s imaps://a.test", "-timeout"},
		{"-password-file f imaps://a.test", "without -user"},
		{"http://a.test", "unknown scheme"},
		{"imaps://a.test:0", "port"},
		{"imaps://alice@a.test", "credentials"},
	} {
		expect(t, statusUsage, "", strings.Fields(c.args), "connect:", c.says, "-h for help")
	}
	expect(t, statusOK, "", []string{"-h"}, "usage: connect [flags] URL", "imaps://", "-ca", "-user NAME")
}

func TestMissingFiles(t *testing.T) {
	missing, empty := filepath.Join(t.TempDir(), "missing"), writeFile(t, nil)
	expect(t, statusFailed, "", []string{"-ca", missing, "imaps://a.test"}, "connect:", missing)
	expect(t, statusFailed, "", []string{"-ca", empty, "imaps://a.test"}, "connect:", "no certificate in it")
	expect(t, statusFailed, "", []string{"-user", "alice", "-password-file", missing, "imaps://a.test"}, "connect: password:")
	expect(t, statusFailed, "", []string{"-user", "alice", "imaps://a.test"}, "connect: password: nothing on standard input")
}

// A transcript is what a maintainer asks for: all that was said, and no secret.
func TestTranscript(t *testing.T) {
	ca, file := newCA(t)
	srv := newServer(t, dialtest.Config{Protocol: policy.IMAP, CA: ca})
	transcript := filepath.Join(t.TempDir(), "transcript")
	args := []string{"-ca", file, "-user", "alice", "-transcript", transcript, srv.Endpoint(policy.RequiredSTARTTLS).String()}
	expect(t, statusOK, password+"\n", args, "logged in as alice")
	text, err := os.ReadFile(transcript)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"-- greeting", "S: * OK", "-- starttls", "-- TLS 1.3", "-- auth", "LOGOUT"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), password) {
		t.Errorf("the password is in\n%s", text)
	}
}
