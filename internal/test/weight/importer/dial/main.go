// A connection is made and shown.
package main

import (
	"context"
	"log"

	"github.com/mailconn/mailconn/dial"
)

func main() {
	endpoint, err := dial.ParseEndpoint("imaps://mail.example.org")
	if err != nil {
		log.Fatal(err)
	}
	conn, err := new(dial.Dialer).Dial(context.Background(), endpoint)
	if err != nil {
		log.Fatal(err)
	}
	log.Println(conn.Security())
}
