// A connection is made with a memory in a database, whose driver is another
// matter.
package main

import (
	"context"
	"database/sql"
	"log"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/peers/sqlstore"
)

func main() {
	ctx := context.Background()
	db, err := sql.Open("driver", "source")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := sqlstore.Open(ctx, db, sqlstore.Options{Dialect: sqlstore.PostgreSQL})
	if err != nil {
		log.Fatal(err)
	}
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
