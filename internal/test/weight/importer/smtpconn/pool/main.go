// A message is sent through a pool.
package main

import (
	"context"
	"log"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

func main() {
	endpoint, err := dial.ParseEndpoint("smtp://relay.example.org")
	if err != nil {
		log.Fatal(err)
	}
	p, err := pool.New(pool.Config{Endpoint: endpoint})
	if err != nil {
		log.Fatal(err)
	}
	envelope := smtpconn.Envelope{From: "joe@example.org", To: []string{"ann@example.org"}}
	log.Println(p.Send(context.Background(), envelope, strings.NewReader("Subject: hello\r\n\r\nHello Ann.\r\n")))
}
