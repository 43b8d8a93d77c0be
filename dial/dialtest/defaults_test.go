package dialtest_test

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

func dialRaw(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestWaysToLogIn has a client log in inside TLS in every way that programs
// commonly use: one server lets all logins pass, the other refuses them.
func TestWaysToLogIn(t *testing.T) {
	ways := map[string][][]string{ // lines, the last of which is answered
		"imap": {
			{"a LOGIN u p"}, {"a LOGIN {1}", "u {1}", "p"}, {"a AUTHENTICATE PLAIN AHUAcA=="}, {"a AUTHENTICATE PLAIN", "AHUAcA=="},
			{"a AUTHENTICATE LOGIN", "dQ==", "cA=="},
		},
		"pop3": {{"USER u", "PASS p"}, {"AUTH PLAIN AHUAcA=="}, {"AUTH PLAIN", "AHUAcA=="}, {"AUTH LOGIN", "dQ==", "cA=="}},
		"smtp": {{"AUTH PLAIN AHUAcA=="}, {"AUTH PLAIN", "AHUAcA=="}, {"AUTH LOGIN", "dQ==", "cA=="}, {"AUTH LOGIN dQ==", "cA=="}},
	}
	yes := map[string]string{"imap": "a OK", "pop3": "+OK", "smtp": "235"}
	for protocol, list := range ways {
		for _, lines := range list {
			if got := say(t, named(t, "tls-12-"+protocol), lines); !strings.HasPrefix(got, yes[protocol]) {
				t.Errorf("%q: %q", lines, got)
			}
			if got := say(t, named(t, "cred-later-"+protocol), lines); strings.HasPrefix(got, yes[protocol]) {
				t.Errorf("%q, and refused otherwise: %q", lines, got)
			}
		}
	}
}

// say says lines inside TLS, one after the answer to the other, and returns
// the last answer.
func say(t *testing.T, c *dialtest.Case, lines []string) string {
	t.Helper()
	srv, err := c.Start(nil, policy.ImplicitTLS)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	cfg := srv.ClientConfig()
	cfg.ServerName = "localhost"
	conn := tls.Client(dialRaw(t, srv.Addr()), cfg)
	defer conn.Close()
	in := bufio.NewReader(conn)
	answer, err := in.ReadString('\n')
	for _, line := range lines {
		if err == nil {
			_, err = conn.Write([]byte(line + "\r\n"))
		}
		if err == nil {
			answer, err = in.ReadString('\n')
		}
	}
	if err != nil {
		t.Error(err)
	}
	return answer
}
