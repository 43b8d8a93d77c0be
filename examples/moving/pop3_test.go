package moving_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// From go-pop3. It was:
//
//	p := pop3.New(pop3.Opt{Host: "mail.example.org", Port: 995, TLSEnabled: true})
//	c, err := p.NewConn()
//	err = c.Auth("user", "password")
//	count, _, err := c.Stat()
//	for i := 1; i <= count; i++ {
//		m, err := c.Retr(i)
//		c.Dele(i)
//	}
//	err = c.Quit()
//
// RetrEach needs a few round trips for all messages, and a message is a stream. Messages
// are deleted by Quit, and only if it returns nil. Package pop3watch remembers which
// messages are new.
func Example_goPOP3() {
	server, dialer := start()
	defer server.Close()
	ctx := context.Background()
	deliver(ctx, server, dialer)
	deliver(ctx, server, dialer)

	client, err := pop3conn.Dial(ctx, server.Endpoint(policy.POP3, policy.ImplicitTLS), &pop3conn.Options{ // "pop3s://mail.example.org"
		Dialer: dialer,
		Auth:   auth.Password{User: user, Secret: auth.NewSecret(password)},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	index, err := client.Index(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for m, err := range client.RetrEach(ctx, index) {
		if err != nil {
			log.Fatal(err)
		}
		var b strings.Builder // or a file
		if _, err := io.Copy(&b, m); err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.Msg, strings.Contains(b.String(), "Subject: Lunch"))
	}
	marked, err := client.DeleEach(ctx, index)
	fmt.Println(len(marked), "marked;", err, client.Quit(ctx))
	// Output:
	// 1 true
	// 2 true
	// 2 marked; <nil> <nil>
}
