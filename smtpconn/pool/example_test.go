package pool_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A pool for a notification service, and what to do with each outcome.
func Example() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, Implicit: true, User: "joe", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	p, err := pool.New(pool.Config{
		Endpoint: server.Endpoint(policy.ImplicitTLS),
		Options: &smtpconn.Options{
			Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()}, // not needed for a server with a public certificate
			Auth:   auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
		},
		MaxConns:      8,
		WaitWhileDown: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	defer p.Close(ctx)

	envelope := smtpconn.Envelope{From: "joe@example.org", To: []string{"ann@example.org"}}
	receipt, err := p.Send(ctx, envelope, strings.NewReader("Subject: hello\r\n\r\nHello Ann.\r\n"))
	var failed *smtpconn.SendError
	var down *pool.DownError
	switch {
	case err == nil:
		fmt.Println("sent to", receipt.Accepted)
	case errors.Is(err, smtpconn.InDoubt):
		fmt.Println("may have arrived:", err)
	case errors.As(err, &down): // the relay's fault: also a wrong password, and a certificate that has expired
		fmt.Println("hold it, and tell a person; again from", down.Next, err)
	case errors.As(err, &failed) && failed.MessageAtFault() && !failed.Temporary():
		fmt.Println("never:", err)
	default:
		fmt.Println("later:", err)
	}
	fmt.Println(p.Stats().Sent, "sent,", len(server.Messages()), "arrived")
	// Output:
	// sent to [ann@example.org]
	// 1 sent, 1 arrived
}

// A message that was not sent because the relay wants another password is as
// good as before: it is held, and a person is told what to mend.
func ExampleDownError() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, Implicit: true, User: "joe", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	p, err := pool.New(pool.Config{
		Endpoint: server.Endpoint(policy.ImplicitTLS),
		Options: &smtpconn.Options{
			Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()},
			Auth:   auth.Password{User: "joe", Secret: auth.NewSecret("last year's")},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	defer p.Close(ctx)

	envelope := smtpconn.Envelope{From: "joe@example.org", To: []string{"ann@example.org"}}
	_, err = p.Send(ctx, envelope, strings.NewReader("Subject: hello\r\n\r\nHello Ann.\r\n"))
	var down *pool.DownError
	if errors.As(err, &down) {
		fmt.Println("hold the message; by itself it will be better:", down.Temporary())
		fmt.Println(down.Hint())
	}
	// Output:
	// hold the message; by itself it will be better: false
	// The server does not accept this user and password: check both; some providers want a password made for this program.
}
