// A mailbox is listed.
package main

import (
	"context"
	"log"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/pop3conn"
)

func main() {
	endpoint, err := dial.ParseEndpoint("pop3s://mail.example.org")
	if err != nil {
		log.Fatal(err)
	}
	client, err := pop3conn.Dial(context.Background(), endpoint, &pop3conn.Options{
		Auth: auth.Password{User: "joe", Secret: auth.NewSecret("secret")},
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Println(client.Index(context.Background()))
}
