// What is new in a mailbox is fetched.
package main

import (
	"context"
	"io"
	"log"
	"os"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/pop3conn/fetch"
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
	seen, err := fetch.OpenFile("seen")
	if err != nil {
		log.Fatal(err)
	}
	log.Println(fetch.Mail(context.Background(), client, &fetch.Options{Seen: seen}, func(m *fetch.Message) error {
		_, err := io.Copy(os.Stdout, m)
		return err
	}))
}
