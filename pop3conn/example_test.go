package pop3conn_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/mail"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

var two = []string{"Subject: one\r\n\r\nHello.\r\n", "Subject: two\r\n\r\nHello again.\r\n"}

// dialExample connects to a server that lives as long as the example.
func dialExample(mailbox ...string) (*pop3conn.Client, func()) {
	srv, err := dialtest.NewServer(dialtest.Config{
		Protocol: policy.POP3, Implicit: true, User: "me", Password: "secret", Mailbox: mailbox,
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
	client, end := dialExample(two...)
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
	client, end := dialExample(two...)
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

// Messages of more than 30 days are deleted. POP3 does not tell when a message came: the
// header does, as far as its sender is to be believed.
func ExampleClient_DeleEach() {
	client, end := dialExample("Date: Mon, 02 Mar 2020 10:00:00 +0000\r\n\r\nLong ago.\r\n", "Subject: without a date\r\n\r\nHello.\r\n")
	defer end()
	index, err := client.Index(ctx)
	if err != nil {
		log.Fatal(err)
	}
	var old []pop3conn.Listing
	for m, err := range client.TopEach(ctx, index, 0) {
		if err != nil {
			log.Print(err) // of this message alone, if it is a *pop3conn.Error
			continue
		}
		message, err := mail.ReadMessage(m)
		if err != nil {
			continue // a header that cannot be read
		}
		if date, err := message.Header.Date(); err == nil && time.Since(date) > 30*24*time.Hour {
			old = append(old, m.Listing)
		}
	}
	marked, err := client.DeleEach(ctx, old)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(marked), "of", len(index), "marked")
	fmt.Println(client.Quit(ctx)) // nil: they are gone
	// Output:
	// 1 of 2 marked
	// <nil>
}

// Many messages in a handful of turns.
func ExampleClient_RetrEach() {
	client, end := dialExample(two...)
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
