// A program's connect function meets the hostile servers.
package main

import (
	"context"
	"crypto/tls"
	"log"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
)

func main() {
	connect := func(ctx context.Context, e dial.Endpoint, c *tls.Config) error {
		_, err := (&dial.Dialer{TLSConfig: c}).Dial(ctx, e)
		return err
	}
	log.Println(dialtest.Try(context.Background(), connect, dialtest.TryOptions{}))
}
