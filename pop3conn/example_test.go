package pop3conn_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// dialExample connects to a server that lives as long as the example.
func dialExample() (*pop3conn.Client, func()) {
	srv, err := dialtest.NewServer(dialtest.Config{
		Protocol: policy.POP3, Implicit: true, User: "me", Password: "secret",
		Mailbox: []string{"Subject: one\r\n\r\nHello.\r\n", "Subject: two\r\n\r\nHello again.\r\n"},
	})
	if err != nil {
		log.Fatal(err)
	}
	client, err := pop3conn.Dial(context.Background(), srv.Endpoint(policy.ImplicitTLS), &pop3conn.Options{
		Dialer: &dial.Dialer{TLSConfig: srv.ClientConfig()}, // without it: the system's certificates
		Auth:   auth.Password{User: "me", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	return client, func() { client.Close(); srv.Close() }
}

// What is in the mailbox: one turn, whatever its size.
func ExampleClient_Index() {
	client, end := dialExample()
	defer end()
	index, err := client.Index(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range index {
		fmt.Println(m.Msg, m.ID, m.Size)
	}
	// Output:
	// 1 1001.1 24
	// 2 1001.2 30
}

// One message, straight from the connection to where it goes.
func ExampleClient_Retr() {
	client, end := dialExample()
	defer end()
	message, err := client.Retr(ctx, 1)
	if err != nil {
		log.Fatal(err)
	}
	var b strings.Builder // or a file
	if _, err := io.Copy(&b, message); err != nil {
		log.Fatal(err) // the message is not whole
	}
	fmt.Printf("%q\n", b.String())
	// Output:
	// "Subject: one\r\n\r\nHello.\r\n"
}

// Many messages in a handful of turns.
func ExampleClient_RetrEach() {
	client, end := dialExample()
	defer end()
	for m, err := range client.RetrEach(ctx, some(1, 2, 3)) {
		if err != nil {
			fmt.Println(m.Msg, "is not there")
			continue
		}
		n, err := io.Copy(io.Discard, m)
		fmt.Println(m.Msg, n, err)
	}
	// Output:
	// 1 24 <nil>
	// 2 30 <nil>
	// 3 is not there
}
