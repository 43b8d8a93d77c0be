package smtpconn_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// From an endpoint to an authenticated session, and a message through it.
func ExampleDial() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, User: "joe", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	client, err := smtpconn.Dial(context.Background(), server.Endpoint(policy.RequiredSTARTTLS), &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()}, // not needed for a server with a public certificate
		Auth:   auth.Password{User: "joe", Password: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	message := "From: joe@example.org\r\nTo: ann@example.org\r\nSubject: hello\r\n\r\nHello Ann.\r\n"
	err = client.SendMail("joe@example.org", []string{"ann@example.org"}, strings.NewReader(message))
	fmt.Println(err, client.Quit())
	fmt.Println(server.Messages()[0].To)
	// Output:
	// <nil> <nil>
	// [ann@example.org]
}
