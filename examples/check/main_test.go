package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/internal/accountfile"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

const password = "correct horse battery staple"

func newServer(t *testing.T, c dialtest.Config) *dialtest.Server {
	t.Helper()
	c.User, c.Password = "alice", password
	return testserver.Start(t, c)
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

// program runs the program.
func program(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), new(discover.Options), args, strings.NewReader(stdin), &out, &errs)
	if strings.Contains(out.String()+errs.String(), password) {
		t.Errorf("%q: shows the password:\n%s%s", args, &out, &errs)
	}
	return status, out.String(), errs.String()
}

// seen runs the program and returns its report.
func seen(t *testing.T, status int, stdin string, args ...string) *report.Report {
	t.Helper()
	got, stdout, stderr := program(t, stdin, append([]string{"-json"}, args...)...)
	r, err := report.Read(strings.NewReader(stdout))
	if err != nil {
		t.Fatalf("%q: %v\n%s%s", args, err, stdout, stderr)
	}
	if got != status {
		t.Errorf("%q: status %d, want %d\n%s", args, got, status, stdout)
	}
	return r
}

// ids returns the kinds of the findings.
func ids(r *report.Report) (all []string) {
	for _, f := range r.Findings {
		all = append(all, f.ID)
	}
	return all
}

// A server that is as it should be has no findings, in any protocol on either port, and a
// login goes by the best mechanism.
func TestGoodServer(t *testing.T) {
	ca, file := newCA(t)
	for _, protocol := range []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission, policy.SMTP} {
		for _, how := range []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS} {
			srv := newServer(t, dialtest.Config{Protocol: protocol, CA: ca, Implicit: how == policy.ImplicitTLS, Mechanisms: []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}})
			r := seen(t, report.StatusPromised, password+"\n", "-ca", file, "-user", "alice", srv.Endpoint(how).String())
			e := r.Endpoints[0]
			if e.Main().Result != report.Protected || e.TLS.Version != "TLS 1.3" || !e.TLS.PostQuantum || e.TLS.Root != "CN=dialtest CA" || len(e.Main().Steps) < 3 {
				t.Errorf("%v, %v: %+v, %+v", protocol, how, e.Main(), e.TLS)
			}
			if c := e.Chain[0]; !slices.Contains(c.Names, "127.0.0.1") || c.Key != "ECDSA P-256" || c.Issuer != "CN=dialtest CA" || c.DaysLeft < 1000 {
				t.Errorf("%v, %v: certificate %+v", protocol, how, c)
			}
			if !slices.Contains(e.Inside.Mechanisms, "SCRAM-SHA-256") || len(e.Inside.Capabilities) == 0 || e.Greeting == "" {
				t.Errorf("%v, %v: %+v, %q", protocol, how, e.Inside, e.Greeting)
			}
			if l := e.Login; l == nil || l.Mechanism != "SCRAM-SHA-256-PLUS" || l.Binding != "tls-exporter" {
				t.Errorf("%v, %v: login %+v", protocol, how, l)
			}
			if how == policy.ImplicitTLS && (e.OldTLS == nil || e.OldTLS.Any() || e.STARTTLS != nil) {
				t.Errorf("%v: %+v %+v", protocol, e.OldTLS, e.STARTTLS)
			}
			if want := (report.STARTTLS{Offered: true, Works: true, Required: true}); how == policy.RequiredSTARTTLS && (*e.STARTTLS != want || len(e.Outcomes) != 3) {
				t.Errorf("%v: %+v %+v", protocol, e.STARTTLS, e.Outcomes)
			}
		}
	}
}

// The password comes from a file, too, and goes to verified servers only.
func TestLogin(t *testing.T) {
	ca, file := newCA(t)
	srv := newServer(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, Implicit: true})
	url := srv.Endpoint(policy.ImplicitTLS).String()
	right, wrong := writeFile(t, []byte(password+"\r\n")), writeFile(t, []byte("not the password"))
	if l := seen(t, report.StatusPromised, "", "-ca", file, "-user", "alice", "-password-file", right, url).Endpoints[0].Login; l.Mechanism != "PLAIN" || l.User != "alice" {
		t.Errorf("%+v", l)
	}
	r := seen(t, report.StatusFindings, "", "-ca", file, "-user", "alice", "-password-file", wrong, url)
	if !slices.Equal(ids(r), []string{"login-failed"}) || !strings.Contains(r.Findings[0].Next, "does not accept this user and password") {
		t.Errorf("%+v", r.Findings)
	}
	strange := newServer(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, Cert: dialtest.CertUnknownCA, LoginInClear: true})
	r = seen(t, report.StatusFindings, password, "-ca", file, "-user", "alice", strange.Endpoint(policy.RequiredSTARTTLS).String())
	if r.Endpoints[0].Login != nil {
		t.Errorf("login %+v", r.Endpoints[0].Login)
	}
	for _, s := range strange.Sessions() {
		if leaks := s.Leaks("alice", password); leaks != nil || bytes.Contains(s.TLS, []byte("alice")) {
			t.Errorf("to a server that is not verified: %q, %q", leaks, s.TLS)
		}
	}
}

// The account file that examples/account writes stands for servers, user and pins.
func TestAccount(t *testing.T) {
	ca, _ := newCA(t) // the servers are pinned, and their CA is not known
	a := accountfile.Account{User: "alice"}
	for p, e := range map[policy.Protocol]*dial.Endpoint{policy.IMAP: &a.Read, policy.Submission: &a.Send} {
		*e = newServer(t, dialtest.Config{Protocol: p, CA: ca, Implicit: true}).Endpoint(policy.ImplicitTLS)
		shown, err := new(dial.Dialer).Inspect(t.Context(), *e)
		if err != nil {
			t.Fatal(err)
		}
		pin, _ := shown.Pin()
		a.Pins = append(a.Pins, pin)
	}
	file := filepath.Join(t.TempDir(), "account.json")
	if err := a.Save(file); err != nil {
		t.Fatal(err)
	}
	for _, e := range seen(t, report.StatusPromised, password+"\n", "-account", file).Endpoints {
		if e.TLS.Verified != "pinned" || e.Login.Mechanism != "PLAIN" {
			t.Errorf("%+v %+v", e.TLS, e.Login)
		}
	}
}

// What a run expects of each server is a finding if it is not so.
func TestExpectations(t *testing.T) {
	ca, file := newCA(t)
	url := newServer(t, dialtest.Config{Protocol: policy.POP3, CA: ca}).Endpoint(policy.RequiredSTARTTLS).String()
	seen(t, report.StatusPromised, "", "-ca", file, "-expect", "required-starttls,tls1.3,post-quantum", url)
	r := seen(t, report.StatusFindings, "", "-ca", file, "-expect", "implicit-tls,login", "-expect", "binding", url)
	if want := []string{"expected-implicit-tls", "expected-login", "expected-binding"}; !slices.Equal(ids(r), want) {
		t.Errorf("%q", ids(r))
	}
	days := newServer(t, dialtest.Config{Protocol: policy.POP3, CA: ca, Implicit: true}).Endpoint(policy.ImplicitTLS).String()
	if r := seen(t, report.StatusFindings, "", "-ca", file, "-days", "100000", days); !slices.Equal(ids(r), []string{"certificate-expires"}) {
		t.Errorf("%q", ids(r))
	}
}

// A certificate that a server sends, and that no chain needs, may expire.
func TestUnused(t *testing.T) {
	ca, file := newCA(t)
	good, err := ca.Certificate(dialtest.CertGood)
	if err != nil {
		t.Fatal(err)
	}
	old, err := ca.Certificate(dialtest.CertExpired)
	if err != nil {
		t.Fatal(err)
	}
	good.Certificate = append(good.Certificate, old.Certificate...)
	srv := newServer(t, dialtest.Config{Protocol: policy.IMAP, Implicit: true, TLS: &tls.Config{Certificates: []tls.Certificate{good}}})
	e := seen(t, report.StatusPromised, "", "-ca", file, srv.Endpoint(policy.ImplicitTLS).String()).Endpoints[0]
	if len(e.Chain) < 2 || !e.TLS.GoodUntil.Equal(e.Chain[0].NotAfter) || e.TLS.DaysLeft != e.Chain[0].DaysLeft {
		t.Errorf("%+v %+v", e.TLS, e.Chain)
	}
}

// What could not be looked at is status 2, also where the time for all of it is over.
func TestNoLook(t *testing.T) {
	gone := newServer(t, dialtest.Config{Protocol: policy.IMAP})
	gone.Close()
	ca, file := newCA(t)
	silent := newServer(t, dialtest.Config{Protocol: policy.IMAP, CA: ca, Implicit: true, Rules: []dialtest.Rule{{At: "greeting", Skip: true}}})
	r := seen(t, report.StatusNoLook, "", gone.Endpoint(policy.RequiredSTARTTLS).String())
	if !slices.Equal(ids(r), []string{"unreachable"}) || len(r.Endpoints[0].Outcomes) != 1 {
		t.Errorf("%+v", r)
	}
	r = seen(t, report.StatusNoLook, "", "-ca", file, "-total", "200ms", "-expect", "tls1.3", silent.Endpoint(policy.ImplicitTLS).String())
	if !slices.Equal(ids(r), []string{"cut-short"}) {
		t.Errorf("%+v", r.Findings)
	}
}

// A run that is interrupted blames no server, and no password.
func TestInterrupt(t *testing.T) {
	ca, file := newCA(t)
	for _, at := range []string{"connect", "greeting", "EHLO *", "AUTH *"} {
		srv := newServer(t, dialtest.Config{Protocol: policy.Submission, CA: ca, Implicit: true})
		ctx, interrupt := context.WithCancel(t.Context())
		if err := srv.Order(dialtest.Rule{At: at, Do: func(string) { interrupt() }, Skip: true}); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		args := []string{"-json", "-ca", file, "-user", "alice", "-expect", "login", srv.Endpoint(policy.ImplicitTLS).String()}
		status := run(ctx, new(discover.Options), args, strings.NewReader(password), &stdout, &stderr)
		r, err := report.Read(&stdout)
		if err != nil {
			t.Fatal(err)
		}
		if status != report.StatusNoLook || !slices.Equal(ids(r), []string{"cut-short"}) || r.Endpoints[0].Login != nil {
			t.Errorf("%s: %d %+v %s", at, status, r.Endpoints[0], &stderr)
		}
	}
}

func TestUsage(t *testing.T) {
	missing, empty := filepath.Join(t.TempDir(), "missing"), writeFile(t, nil)
	for _, c := range []struct{ args, says string }{
		{"", "want an address or URLs"},
		{"-demo imaps://a.test", "want an address or URLs"},
		{"imaps://a.test -json", "dial: "},
		{"-no-such-flag imaps://a.test", "no-such-flag"},
		{"-timeout never imaps://a.test", "-timeout"},
		{"-total 0s imaps://a.test", "-total"},
		{"-expect nonsense imaps://a.test", "nonsense"},
		{"-expect dane imaps://a.test", "about a domain"},
		{"-expect tls1.3,mta-sts imaps://a.test imap://b.test", "about a domain"},
		{"-resolver none joe@a.test", "-resolver"},
		{"-password-file f imaps://a.test", "without -user"},
		{"http://a.test", "unknown scheme"},
		{"imaps://a.test:0", "port"},
		{"imaps://alice@a.test", "credentials"},
		{"joe@", "not a mail address"},
		{"-account " + missing, "missing"},
		{"-user alice -account " + missing, "no -user"},
		{"-from " + missing, "missing"},
		{"-from " + empty, "JSON"},
		{"-ca " + missing + " imaps://a.test", "missing"},
		{"-ca " + empty + " imaps://a.test", "no certificate in it"},
		{"-user alice -password-file " + missing + " imaps://a.test", "password:"},
		{"-user alice imaps://a.test", "nothing on standard input"},
	} {
		if status, stdout, stderr := program(t, "", strings.Fields(c.args)...); status != report.StatusNoLook || stdout != "" || !strings.Contains(stderr, c.says) {
			t.Errorf("%q: %d %s%s", c.args, status, stdout, stderr)
		}
	}
	if status, stdout, _ := program(t, "", "-h"); status != report.StatusPromised || !strings.Contains(stdout, "usage: check [flags] ADDRESS") || !strings.Contains(stdout, "-expect") {
		t.Errorf("-h: %d %s", status, stdout)
	}
}

// The transcript is in the JSON if it is asked for, and has no secret in it.
func TestTranscript(t *testing.T) {
	ca, file := newCA(t)
	url := newServer(t, dialtest.Config{Protocol: policy.IMAP, CA: ca}).Endpoint(policy.RequiredSTARTTLS).String()
	_, stdout, _ := program(t, password, "-ca", file, "-user", "alice", "-transcript", "-json", url)
	for _, want := range []string{"-- greeting", "S: * OK", "C: a1 STARTTLS", "LOGOUT"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
}
