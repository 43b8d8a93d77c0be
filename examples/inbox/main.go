// Inbox is the program of README.md: it logs in to an IMAP server, and prints how the
// connection is protected. Its test runs it against hostile servers.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"os"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/imapconn"
)

func main() {
	server := dial.MustParseEndpoint("imaps://mail.example.org")
	client, err := login(context.Background(), server, nil, "ann", os.Getenv("MAIL_PASSWORD"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	fmt.Println(client.Security())
}

func login(ctx context.Context, server dial.Endpoint, trust *tls.Config, user, password string) (*imapconn.Client, error) {
	return imapconn.Dial(ctx, server, &imapconn.Options{
		Dialer: &dial.Dialer{TLSConfig: trust}, // nil means the system's roots
		Auth:   auth.Password{User: user, Secret: auth.NewSecret(password)},
	})
}
