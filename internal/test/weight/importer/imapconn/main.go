// A mailbox is opened.
package main

import (
	"context"
	"log"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
)

func main() {
	endpoint, err := dial.ParseEndpoint("imaps://mail.example.org")
	if err != nil {
		log.Fatal(err)
	}
	client, err := imapconn.Dial(context.Background(), endpoint, &imapconn.Options{
		Auth: auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Println(client.Select("INBOX", nil).Wait())
}
