package outbox_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// A service that sends links for new passwords: the request is answered when the message
// is on disk, and a request that is repeated sends nothing twice.
func Example() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, Implicit: true, User: "joe", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	parent, err := os.MkdirTemp("", "outbox")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	relay, err := pool.New(pool.Config{
		Endpoint: server.Endpoint(policy.ImplicitTLS),
		Options: &smtpconn.Options{
			Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()}, // not needed for a server with a public certificate
			Auth:   auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
		},
		MaxAttempts: 1, // the outbox tries again
	})
	if err != nil {
		log.Fatal(err)
	}
	ends := make(chan outbox.Result, 1)
	o, err := outbox.Open(ctx, filepath.Join(parent, "outbox"), outbox.Config{
		Relays: []outbox.Relay{relay},
		Result: func(_ context.Context, r outbox.Result) error {
			ends <- r
			return nil // it is told again, also after a crash, until this returns nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	envelope := smtpconn.Envelope{From: "joe@example.org", To: []string{"ann@example.org"}}
	for range 2 { // the second time nothing is sent
		err = o.Put(ctx, "reset 17", envelope, strings.NewReader("Subject: a new password\r\n\r\nFollow this link: …\r\n"))
		if err != nil {
			log.Fatal(err) // not accepted: say so to whoever asked
		}
	}
	end := <-ends
	fmt.Println(end.ID, end.Recipient, end.Err)
	if err := o.Close(ctx); err != nil { // what waits is sent by the next program that opens the directory
		log.Fatal(err)
	}
	fmt.Println(len(server.Messages()), "arrived")
	// Output:
	// reset 17 ann@example.org <nil>
	// 1 arrived
}
