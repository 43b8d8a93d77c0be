package dial_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

func ExampleParseEndpoint() {
	for _, url := range []string{"imaps://mail.example.org", "submission://mail.example.org:2587", "smtp+opportunistic://mx.example.org"} {
		e, err := dial.ParseEndpoint(url)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Address(), e.Policy)
	}
	// Output:
	// mail.example.org:993 implicit-tls
	// mail.example.org:2587 required-starttls
	// mx.example.org:25 opportunistic-starttls
}

// Security says how a connection is protected.
func ExampleDialer_Dial() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	d := &dial.Dialer{TLSConfig: server.ClientConfig()} // trusts the test's CA
	conn, err := d.Dial(context.Background(), server.Endpoint(policy.RequiredSTARTTLS))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	s := conn.Security()
	fmt.Println(s.Encrypted(), s.Verified, s.Confidential())
	// Output: true pkix true
}

// The error of a dial has the cause for a program, and a hint for a person.
func ExampleError() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.POP3, NoSTARTTLS: true})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	d := &dial.Dialer{TLSConfig: server.ClientConfig()}
	_, err = d.Dial(context.Background(), server.Endpoint(policy.RequiredSTARTTLS))
	var failed *dial.Error
	var broken *policy.Violation
	if errors.As(err, &failed) && errors.As(err, &broken) {
		fmt.Println("phase:", failed.Phase)
		fmt.Println("not offered:", errors.Is(err, policy.ErrNotOffered))
		fmt.Println("try again:", failed.Temporary())
		fmt.Println("has a hint:", failed.Hint() != "")
	}
	// Output:
	// phase: starttls
	// not offered: true
	// try again: false
	// has a hint: true
}
