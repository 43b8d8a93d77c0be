package dialtest_test

import (
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

func TestCases(t *testing.T) {
	cases, err := dialtest.Cases()
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 300 {
		t.Errorf("only %d cases", len(cases))
	}
	names := map[string]bool{}
	for _, c := range cases {
		if names[c.Name] {
			t.Errorf("two cases are called %s", c.Name)
		}
		names[c.Name] = true
		if c.About == "" || len(c.Policies()) == 0 || !c.Protocol.Valid() {
			t.Errorf("%s: %q, %v", c.Name, c.About, c.Policies())
		}
		for _, p := range c.Policies() {
			// A result that was not put into words has no blank in it.
			words, ok := strings.CutPrefix(c.Outcome(p), "must fail: ")
			if ok != c.MustFail(p) || ok && !strings.Contains(words, " ") {
				t.Errorf("%s, %v: %s", c.Name, p, c.Outcome(p))
			}
		}
	}
}

func TestOutcome(t *testing.T) {
	tests := map[string]map[policy.Policy]string{
		"strip-smtp-ehlo": {
			policy.NoTLS:                 "may stay in the clear, without credentials",
			policy.OpportunisticSTARTTLS: "may stay in the clear, without credentials",
			policy.RequiredSTARTTLS:      "must fail: the server does not offer STARTTLS",
			policy.ImplicitTLS:           "cannot be played under this policy",
		},
		"honest-imap":       {policy.ImplicitTLS: "must end in TLS"},
		"tls-12-pop3":       {policy.RequiredSTARTTLS: "must end in TLS, or fail"},
		"cert-expired-imap": {policy.ImplicitTLS: "must fail: the certificate is not valid at this time"},
		"cred-bad-smtp":     {policy.ImplicitTLS: "must fail: the server does not let the client in"},
	}
	cases, err := dialtest.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for p, want := range tests[c.Name] {
			if got := c.Outcome(p); got != want {
				t.Errorf("%s, %v: %s", c.Name, p, got)
			}
		}
		delete(tests, c.Name)
	}
	if len(tests) > 0 {
		t.Errorf("no such cases: %v", tests)
	}
}

// named returns a case.
func named(t *testing.T, name string) *dialtest.Case {
	t.Helper()
	cases, err := dialtest.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no case %s", name)
	return nil
}

func TestCaseServer(t *testing.T) {
	srv, err := named(t, "strip-smtp-ehlo").Start(nil, policy.OpportunisticSTARTTLS)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if err := netSMTP(t.Context(), srv.Endpoint(), srv.ClientConfig()); err != nil {
		t.Errorf("the attacker did not take the login: %v", err)
	}
	srv.Close()
	r := srv.Report()
	if len(r.Leaks()) != 2 || len(r.Forbidden()) == 0 || r.LoggedIn() || r.Handshakes != 0 {
		t.Errorf("got %+v", r)
	}
	if len(r.Sessions) != 1 || r.Sessions[0].TLS != nil || !strings.HasPrefix(r.Transcript[0], "S: 220") {
		t.Errorf("got %+v", r)
	}
}

func TestCaseServerInsideTLS(t *testing.T) {
	srv, err := named(t, "honest-imap").Start(nil, policy.RequiredSTARTTLS)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if err := connect(t.Context(), srv.Endpoint(), srv.ClientConfig()); err != nil {
		t.Error(err)
	}
	srv.Close()
	r := srv.Report()
	if r.Leaks() != nil || r.Forbidden() != nil || !r.LoggedIn() || r.Handshakes != 1 {
		t.Errorf("got %+v", r)
	}
	if !strings.Contains(strings.Join(r.Transcript, "\n"), "\n--- inside TLS\n") {
		t.Errorf("got %q", r.Transcript)
	}
}

func TestStartNotApplicable(t *testing.T) {
	if srv, err := named(t, "strip-smtp-ehlo").Start(nil, policy.ImplicitTLS); err == nil {
		srv.Close()
		t.Error("a case on STARTTLS was started with implicit TLS")
	}
}

// Bytes that come after the server has closed, or in the place of a handshake,
// are heard too.
func TestReportHearsEverything(t *testing.T) {
	for _, name := range []string{"tcp-fin-after-starttls-imap", "stall-handshake-imap", "fake-plaintext-continues-imap"} {
		srv, err := named(t, name).Start(nil, policy.RequiredSTARTTLS)
		if err != nil {
			t.Fatal(err)
		}
		conn := dialRaw(t, srv.Addr())
		if _, err := conn.Write([]byte("a STARTTLS\r\n\x16\x03\x01\x00\x02xy" + "b LOGIN x " + dialtest.CanaryPassword + "\r\n")); err != nil {
			t.Error(err)
		}
		conn.Close()
		srv.Close()
		if r := srv.Report(); len(r.Leaks()) != 1 || !strings.HasPrefix(strings.Join(r.Forbidden(), ""), "b LOGIN") {
			t.Errorf("%s: got %+v", name, r)
		}
	}
}
