package dialtest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

// A connection to an honest server, and what the server recorded of it.
func ExampleNewServer() {
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP})
	if err != nil {
		log.Fatal(err)
	}
	d := dial.Dialer{TLSConfig: srv.ClientConfig()}
	conn, err := d.Dial(context.Background(), srv.Endpoint(policy.ImplicitTLS))
	fmt.Println(errors.Is(err, policy.ErrNotTLS)) // the server is one for STARTTLS

	conn, err = d.Dial(context.Background(), srv.Endpoint(policy.RequiredSTARTTLS))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conn.Security().Confidential())
	conn.Close()
	srv.Close()
	fmt.Println("turns:", srv.Sessions()[1].Turns)
	// Output:
	// true
	// true
	// turns: 3
}

// What a program makes of a server whose offer of STARTTLS was removed.
func ExampleInterpose() {
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	mitm, err := dialtest.Interpose(srv.Addr(), policy.Submission, dialtest.Strip)
	if err != nil {
		log.Fatal(err)
	}
	defer mitm.Close()

	d := dial.Dialer{TLSConfig: srv.ClientConfig()}
	_, err = d.Dial(context.Background(), mitm.Endpoint(policy.RequiredSTARTTLS))
	fmt.Println(errors.Is(err, policy.ErrNotOffered))
	// Output: true
}

// A program that uses TLS only if it is offered, found out by the recorder.
func ExampleSession_Leaks() {
	const password = "correct horse battery staple"
	srv, err := dialtest.NewServer(dialtest.Config{
		Protocol: policy.Submission, User: "alice", Password: password, LoginInClear: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	mitm, err := dialtest.Interpose(srv.Addr(), policy.Submission, dialtest.Strip)
	if err != nil {
		log.Fatal(err)
	}

	c, err := smtp.Dial(mitm.Addr())
	if err != nil {
		log.Fatal(err)
	}
	if ok, _ := c.Extension("STARTTLS"); ok {
		err = c.StartTLS(srv.ClientConfig())
	}
	if err == nil {
		err = c.Auth(smtp.PlainAuth("", "alice", password, "127.0.0.1"))
	}
	fmt.Println("logged in:", err == nil)
	c.Close()
	mitm.Close()

	for _, s := range mitm.Sessions() {
		fmt.Printf("in the clear: %q\n", s.Leaks(password))
	}
	// Output:
	// logged in: true
	// in the clear: ["correct horse battery staple"]
}
