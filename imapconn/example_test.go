package imapconn_test

import (
	"context"
	"fmt"
	"log"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// From an endpoint to an authenticated session, which is a go-imap client.
func ExampleDial() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, Implicit: true, User: "joe", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	client, err := imapconn.Dial(context.Background(), server.Endpoint(policy.ImplicitTLS), &imapconn.Options{
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()}, // not needed for a server with a public certificate
		Auth:   auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	fmt.Println(client.Security().Confidential(), client.Security().Login.Mechanism)
	fmt.Println(client.Noop().Wait(), client.Logout().Wait())
	// Output:
	// true PLAIN
	// <nil> <nil>
}
