// A message is sent.
package main

import (
	"context"
	"log"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/smtpconn"
)

func main() {
	endpoint, err := dial.ParseEndpoint("submissions://mail.example.org")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	client, err := smtpconn.Dial(ctx, endpoint, &smtpconn.Options{
		Auth: auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	envelope := smtpconn.Envelope{From: "joe@example.org", To: []string{"ann@example.org"}}
	log.Println(client.Send(ctx, envelope, strings.NewReader("Subject: hello\r\n\r\nHello Ann.\r\n")))
}
