// A connection is made with a memory in a file.
package main

import (
	"context"
	"log"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/peers/filestore"
)

func main() {
	ctx := context.Background()
	store, err := filestore.Open(ctx, "peers")
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	endpoint, err := dial.ParseEndpoint("smtp+opportunistic://mail.example.org")
	if err != nil {
		log.Fatal(err)
	}
	d := &dial.Dialer{Peers: store}
	conn, err := d.Dial(ctx, endpoint)
	if err != nil {
		log.Fatal(err)
	}
	log.Println(conn.Security())
}
