package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/examples/internal/accountfile"
	"github.com/mailconn/mailconn/examples/internal/mailserver"
	"github.com/mailconn/mailconn/internal/test/fakenet"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// terminal runs the program with servers on this computer, and types for the person.
type terminal struct {
	t      *testing.T
	server *mailserver.Server
	names  *fakenet.Names
	dir    string
	trust  bool // the servers' CA
	args   []string
}

// newTerminal starts a mail system with three messages, and the DNS of two domains that
// lead there: mail.test, and hosted.test by a server of mail.test's.
func newTerminal(t *testing.T) *terminal {
	t.Helper()
	server, err := mailserver.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	names := new(fakenet.Names)
	names.Add("mail.test A 127.0.0.1")
	for _, domain := range []string{"mail.test", "hosted.test"} {
		read, send := server.Endpoint(policy.IMAP, policy.ImplicitTLS), server.Endpoint(policy.Submission, policy.ImplicitTLS)
		names.Add(
			fmt.Sprintf("_imaps._tcp.%s SRV 0 1 %d mail.test.", domain, read.Port),
			fmt.Sprintf("_submissions._tcp.%s SRV 0 1 %d mail.test.", domain, send.Port))
	}
	at, stop := names.Loopback()
	t.Cleanup(stop)
	x := &terminal{t: t, server: server, names: names, dir: t.TempDir(), trust: true}
	x.args = []string{"-loopback", "-resolver", at.String(), "-o", x.path("account.json"), "-tokens", x.path("tokens")}
	x.deliver(3)
	return x
}

func (x *terminal) path(name string) string { return filepath.Join(x.dir, name) }

// deliver sends messages to the account.
func (x *terminal) deliver(n int) {
	x.t.Helper()
	c, err := smtpconn.Dial(x.t.Context(), x.server.Endpoint(policy.Submission, policy.ImplicitTLS), &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: x.server.ClientConfig()},
		Auth:   auth.Password{User: mailserver.User, Secret: auth.NewSecret(mailserver.Password)},
	})
	if err != nil {
		x.t.Fatal(err)
	}
	defer c.Abort()
	for range n {
		message := strings.NewReader("Subject: hello\r\n\r\nhello\r\n")
		if _, err := c.Send(x.t.Context(), smtpconn.Envelope{From: mailserver.Address, To: []string{mailserver.Address}}, message); err != nil {
			x.t.Fatal(err)
		}
	}
}

// run runs the program, and types some lines.
func (x *terminal) run(typed string, args ...string) (status int, screen string) {
	find := new(discover.Options)
	if x.trust {
		find.Dialer = &dial.Dialer{TLSConfig: x.server.ClientConfig()}
		find.Transport = &http.Transport{TLSClientConfig: x.server.ClientConfig()}
	}
	var stdout bytes.Buffer
	status = run(x.t.Context(), find, append(x.args[:len(x.args):len(x.args)], args...), strings.NewReader(typed), &stdout)
	return status, stdout.String()
}

// shows fails the test unless the screen shows all of the texts, in their order.
func (x *terminal) shows(screen string, texts ...string) {
	x.t.Helper()
	rest := screen
	for _, text := range texts {
		at := strings.Index(rest, text)
		if at < 0 {
			x.t.Errorf("%q is not shown, or not there:\n%s", text, screen)
			return
		}
		rest = rest[at+len(text):]
	}
	if strings.Contains(screen, mailserver.Password) {
		x.t.Errorf("the password is shown:\n%s", screen)
	}
}

// A domain that vouches for its servers: no question but for the password. The account file
// works once more, and has no secret in it.
func TestPassword(t *testing.T) {
	x := newTerminal(t)
	x.names.Sign("mail.test")
	status, screen := x.run(mailserver.Password+"\n", "-trust-ad", mailserver.Address)
	if status != statusOK || strings.Contains(screen, "yes or no") {
		t.Errorf("status %d", status)
	}
	x.shows(screen, "To read mail: imaps://mail.test:", "srv: signed DNS", "To send mail: submissions://mail.test:", "TLS 1.3, a certificate for localhost, mail.test",
		"the next name is alice", "\n3 messages, read by ", "Mail can be sent by ", "seconds")
	text, err := os.ReadFile(x.path("account.json"))
	if err != nil || strings.Contains(string(text), mailserver.Password) {
		t.Errorf("%v, %s", err, text)
	}
	status, screen = x.run(mailserver.Password+"\n", "-check", x.path("account.json"))
	if status != statusOK {
		t.Errorf("status %d", status)
	}
	x.shows(screen, "\n3 messages, read by ")
	if strings.Contains(screen, "the next name") {
		t.Errorf("the name is still looked for:\n%s", screen)
	}
	status, screen = x.run("wrong\n", "-check", x.path("account.json"))
	if status != statusFailed {
		t.Errorf("wrong password: status %d", status)
	}
	x.shows(screen, "This did not work", "password")
	for typed, want := range map[string]int{
		"wrong\nwrong\n" + mailserver.Password + "\n":        statusOK,
		"wrong\nwrong\nwrong\n" + mailserver.Password + "\n": statusFailed,
	} {
		status, screen = x.run(typed, "-check", x.path("account.json"))
		if n := strings.Count(screen, "Type it again"); status != want || n != 2 {
			t.Errorf("%q: status %d, asked again %d times\n%s", typed, status, n, screen)
		}
	}
}

// A server for which only unsigned DNS speaks is asked about, and not connected to before.
func TestAsks(t *testing.T) {
	x := newTerminal(t)
	for answer, want := range map[string]int{"yes\n": statusOK, "no\n": statusFailed, "": statusFailed} {
		status, screen := x.run(answer+mailserver.Password+"\n", "alice@hosted.test")
		if status != want {
			t.Errorf("%q: status %d\n%s", answer, status, screen)
		}
		x.shows(screen, "To read mail, perhaps: imaps://mail.test:", "does not vouch", "Has your provider told you")
		if want == statusOK {
			x.shows(screen, "To send mail, perhaps: submissions://mail.test:", "You have agreed to mail.test.")
		} else {
			x.shows(screen, "you said no, and there is no other server to read mail")
		}
		if connected := strings.Contains(screen, "shows TLS"); connected != (want == statusOK) {
			t.Errorf("%q: connected %v\n%s", answer, connected, screen)
		}
	}
}

// A certificate that does not verify is asked about, with its key. The pin is in the file.
func TestPin(t *testing.T) {
	x := newTerminal(t)
	x.trust = false
	status, screen := x.run("no\n", mailserver.Address)
	if status != statusFailed {
		t.Errorf("no: status %d\n%s", status, screen)
	}
	x.shows(screen, "does not prove", "Its key is ", "Has the operator", "This did not work: you said no")
	status, screen = x.run("yes\n"+mailserver.Password+"\n", mailserver.Address)
	if status != statusOK {
		t.Errorf("yes: status %d\n%s", status, screen)
	}
	a, err := accountfile.Load(x.path("account.json"))
	if err != nil || len(a.Pins) != 2 || a.User != mailserver.User {
		t.Errorf("%+v, %v", a, err)
	}
	if status, screen = x.run(mailserver.Password+"\n", "-check", x.path("account.json")); status != statusOK {
		t.Errorf("again: status %d\n%s", status, screen)
	}
}

// An issuer for which the program is not registered is not used.
func TestNoClient(t *testing.T) {
	x := newTerminal(t)
	status, screen := x.run(mailserver.Password+"\n", "-issuer", "https://login.example.com", mailserver.Address)
	if status != statusOK {
		t.Errorf("status %d", status)
	}
	x.shows(screen, "not registered", "https://login.example.com", "\n3 messages")
	if a, err := accountfile.Load(x.path("account.json")); err != nil || a.Issuer != "" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestNothing(t *testing.T) {
	x := newTerminal(t)
	status, screen := x.run("", "joe@nothing.test")
	if status != statusFailed {
		t.Errorf("status %d", status)
	}
	x.shows(screen, "This did not work: the domain does not exist")
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args, says string
		status     int
	}{
		{"-h", "usage: account", statusOK},
		{"", "want one address", statusUsage},
		{"-resolver x joe@example.org", "-resolver", statusUsage},
		{"-ca /does/not/exist joe@example.org", "no such file", statusUsage},
		{"-apps /does/not/exist joe@example.org", "no such file", statusUsage},
		{"-check /does/not/exist", "no such file", statusFailed},
		{"example.org", "not a mail address", statusFailed},
	} {
		var stdout bytes.Buffer
		if status := run(t.Context(), new(discover.Options), strings.Fields(c.args), strings.NewReader(""), &stdout); status != c.status || !strings.Contains(stdout.String(), c.says) {
			t.Errorf("%q: %d %s", c.args, status, &stdout)
		}
	}
}
