package dialtest_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net/smtp"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

// submit stands for what a program does before it sends mail.
func submit(ctx context.Context, e dial.Endpoint, cfg *tls.Config) error {
	return connect(ctx, e, cfg)
}

// The test of a program that submits mail over STARTTLS and over implicit TLS.
func ExampleTestDial() {
	_ = func(t *testing.T) { // func TestHostileServers(t *testing.T)
		dialtest.TestDial(t, submit, dialtest.TryOptions{
			Protocols: []policy.Protocol{policy.Submission},
			Policies:  []policy.Policy{policy.RequiredSTARTTLS, policy.ImplicitTLS},
		})
	}
}

// A program that uses net/smtp as its SendMail does, and what an attacker who
// removes STARTTLS from the server's list gets to see.
func ExampleTry() {
	connect := func(_ context.Context, e dial.Endpoint, cfg *tls.Config) error {
		c, err := smtp.Dial(e.Address())
		if err != nil {
			return err
		}
		defer c.Close()
		if ok, _ := c.Extension("STARTTLS"); ok {
			cfg.ServerName = e.Host
			if err := c.StartTLS(cfg); err != nil {
				return err
			}
		}
		return c.Auth(smtp.PlainAuth("", dialtest.CanaryUser, dialtest.CanaryPassword, e.Host))
	}
	s, err := dialtest.Try(context.Background(), connect, dialtest.TryOptions{
		Policies: []policy.Policy{policy.RequiredSTARTTLS},
		Keep:     func(c *dialtest.Case) bool { return c.Name == "strip-smtp-ehlo" || c.Name == "honest-smtp" },
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range s.Findings {
		fmt.Println(f)
	}
	for _, line := range s.Findings[0].Transcript {
		fmt.Println(line)
	}
	// Output:
	// strip-smtp-ehlo, required-starttls: leak: sent in the clear: canary-password-6cd3b1, canary-user@mail.test
	// strip-smtp-ehlo, required-starttls: said more than allowed: sent in the clear: AUTH PLAIN AGNhbmFyeS11c2VyQG1haWwudGVzdABjYW5hcnktcGFzc3dvcmQtNmNkM2Ix
	// strip-smtp-ehlo, required-starttls: accepted: no error; must fail: the server does not offer STARTTLS
	// S: 220 mail.test
	// C: EHLO localhost
	// S: 250-mail.test
	// S: 250-AUTH PLAIN LOGIN
	// S: 250 SIZE 1
	// C: AUTH PLAIN AGNhbmFyeS11c2VyQG1haWwudGVzdABjYW5hcnktcGFzc3dvcmQtNmNkM2Ix
	// S: 235 2.7.0 logged in
}

// One case, played by hand.
func ExampleCase_Start() {
	cases, err := dialtest.Cases()
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range cases {
		if c.Name != "preauth-no-starttls" {
			continue
		}
		srv, err := c.Start(nil, policy.RequiredSTARTTLS)
		if err != nil {
			log.Fatal(err)
		}
		d := dial.Dialer{TLSConfig: srv.ClientConfig()}
		_, err = d.Dial(context.Background(), srv.Endpoint())
		srv.Close()
		fmt.Println(c.Outcome(policy.RequiredSTARTTLS))
		fmt.Println("failed:", err != nil)
		fmt.Println("leaked:", srv.Report().Leaks())
	}
	// Output:
	// must fail: the server says that the client is logged in already
	// failed: true
	// leaked: []
}
