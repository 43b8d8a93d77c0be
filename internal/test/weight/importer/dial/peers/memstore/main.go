// A connection is made with a memory.
package main

import (
	"context"
	"log"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/peers/memstore"
)

func main() {
	endpoint, err := dial.ParseEndpoint("smtp+opportunistic://mail.example.org")
	if err != nil {
		log.Fatal(err)
	}
	d := &dial.Dialer{Peers: new(memstore.Store)}
	conn, err := d.Dial(context.Background(), endpoint)
	if err != nil {
		log.Fatal(err)
	}
	log.Println(conn.Security())
}
