// Command auth logs in to a server of a protocol of its own.
package main

import (
	"context"
	"log"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
)

type transport struct{ auth.Transport }

func main() {
	endpoint, err := dial.ParseEndpoint("imaps://mail.example.org")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	conn, err := new(dial.Dialer).Dial(ctx, endpoint)
	if err != nil {
		log.Fatal(err)
	}
	password := auth.Password{User: "joe", Secret: auth.NewSecret("secret")}
	log.Println(conn.Setup(ctx, func(ctx context.Context, s *dial.Setup) error {
		_, err := auth.Authenticate(ctx, s, transport{}, password)
		return err
	}))
}
