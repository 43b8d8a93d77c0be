package tool_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/examples/internal/proxies"
	"github.com/mailconn/mailconn/examples/tool"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// The tool reads its settings and sends one message.
func Example() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, User: "tool", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	dir, err := os.MkdirTemp("", "tool")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			log.Fatal(err)
		}
		return path
	}
	config, err := json.Marshal(map[string]string{
		"server":        "submission://" + server.Addr(), // STARTTLS is required
		"user":          "tool",
		"password_file": file("password", "secret\n"),
		"ca_file":       file("ca.pem", string(server.CA().PEM())),
	})
	if err != nil {
		log.Fatal(err)
	}

	var s tool.Settings
	if err := json.Unmarshal(config, &s); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	client, err := s.Connect(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	receipt, err := client.Send(ctx,
		smtpconn.Envelope{From: "tool@example.org", To: []string{"ops@example.org"}},
		strings.NewReader("Subject: disk is full\r\n\r\nOn host 7.\r\n"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sent to", receipt.Accepted)
	// Output: sent to [ops@example.org]
}

// A mistake in the configuration file is an error when the file is read. An endpoint
// does not take a password, since endpoints are logged.
func ExampleSettings() {
	for _, server := range []string{"mail.example.org", "smtp://user:secret@mail.example.org", "ssl://mail.example.org"} {
		var s tool.Settings
		err := json.Unmarshal([]byte(`{"server": "`+server+`"}`), &s)
		fmt.Println(err)
	}
	// Output:
	// dial: endpoint is not a URL such as imaps://mail.example.org
	// dial: endpoint has a user or a password in it; credentials belong in Options.Auth
	// dial: unknown scheme "ssl": want one of imaps, imap, pop3s, pop3, submissions, submission, smtps, smtp; those without the s may end in +starttls, +opportunistic or +plain
}

// With a proxy every connection of the tool goes through it, and an error tells the proxy
// from the mail server. A password file that changes is noticed at the next login.
func TestProxy(t *testing.T) {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, User: "tool", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	proxy, err := proxies.SOCKS5()
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	dir := t.TempDir()
	s := tool.Settings{
		Server: server.Endpoint(policy.RequiredSTARTTLS), User: "tool", Proxy: proxy.Addr().String(),
		PasswordFile: filepath.Join(dir, "password"), CAFile: filepath.Join(dir, "ca.pem"),
	}
	write := func(file, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(s.CAFile, string(server.CA().PEM()))
	connect := func() (hint string) {
		client, err := s.Connect(t.Context())
		var failed *dial.Error
		switch {
		case errors.As(err, &failed):
			return failed.Hint()
		case err != nil:
			t.Fatal(err)
		}
		client.Close()
		return "connected"
	}
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() { write(s.PasswordFile, "old\n") }, "does not accept this user and password"},
		{func() { write(s.PasswordFile, "secret\n") }, "connected"},
		{func() { server.Close() }, "perhaps nothing answers at that host and port"},
		{func() { proxy.Close() }, "The proxy at " + s.Proxy + ", which is to lead to "},
	} {
		step.do()
		if hint := connect(); !strings.Contains(hint, step.want) {
			t.Errorf("%q lacks %q", hint, step.want)
		}
	}
}
