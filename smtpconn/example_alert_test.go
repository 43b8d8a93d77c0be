package smtpconn_test

import (
	"context"
	"fmt"
	"log"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// An alert in German, written by hand, goes to two recipients, of whom the server refuses
// one.
func Example() {
	server, err := dialtest.NewServer(dialtest.Config{
		Protocol: policy.Submission, User: "alerts", Password: "secret",
		Rules: []dialtest.Rule{{At: "RCPT TO:<ben@example.org>", Reply: "550 5.1.1 no such user"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := smtpconn.Dial(ctx, server.Endpoint(policy.RequiredSTARTTLS), &smtpconn.Options{
		Dialer: &dial.Dialer{TLSConfig: server.ClientConfig()}, // not needed for a server with a public certificate
		Auth:   auth.Password{User: "alerts", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	var message strings.Builder
	fmt.Fprintf(&message, "From: alerts@example.org\r\nTo: ann@example.org, ben@example.org\r\n")
	fmt.Fprintf(&message, "Subject: %s\r\n", mime.QEncoding.Encode("utf-8", "Überlast auf Knoten 7"))
	fmt.Fprintf(&message, "Date: %s\r\n", time.Now().Format(time.RFC1123Z))
	message.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	body := quotedprintable.NewWriter(&message)
	fmt.Fprintf(body, "Die Last ist größer als 90 %%.\r\n")
	body.Close()

	receipt, err := client.Send(ctx, smtpconn.Envelope{
		From: "alerts@example.org", To: []string{"ann@example.org", "ben@example.org"}, Partial: true,
	}, strings.NewReader(message.String()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sent to", receipt.Accepted)
	for _, refusal := range receipt.Refused {
		fmt.Println("not sent to", refusal)
	}
	// Output:
	// sent to [ann@example.org]
	// not sent to <ben@example.org>: 550 5.1.1 no such user
}
