package mailconn_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// Mail goes to a server that is protected as was asked for, or a typed error
// says what stopped it.
func Example() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.Submission, Implicit: true, User: "joe", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	ctx := context.Background()
	endpoint := server.Endpoint(policy.ImplicitTLS) // or dial.ParseEndpoint("submissions://mail.example.org")
	client, err := smtpconn.Dial(ctx, endpoint, &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()}, // not needed for a server with a public certificate
		Auth:   auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
	})
	var failed *dial.Error
	if errors.As(err, &failed) {
		log.Fatal(failed, "\n", failed.Hint())
	}
	defer client.Close()

	s := client.Security()
	fmt.Println(s.Encrypted(), s.Verified, s.Confidential())
	message := "From: joe@example.org\r\nTo: ann@example.org\r\nSubject: hello\r\n\r\nHello Ann.\r\n"
	receipt, err := client.Send(ctx, smtpconn.Envelope{From: "joe@example.org", To: []string{"ann@example.org"}}, strings.NewReader(message))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sent to", receipt.Accepted)
	// Output:
	// true pkix true
	// sent to [ann@example.org]
}
