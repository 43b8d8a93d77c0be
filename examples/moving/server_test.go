package moving_test

import (
	"log"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/internal/mailserver"
)

// The account on the server of the examples.
const (
	user     = mailserver.User
	password = mailserver.Password
	address  = mailserver.Address
	unknown  = mailserver.Unknown // an address that the server refuses
)

// start starts the mail servers of an example. The dialer trusts their certificate; a
// program whose server has a public certificate needs none.
func start() (*mailserver.Server, *dial.Dialer) {
	server, err := mailserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	return server, &dial.Dialer{TLSConfig: server.ClientConfig()}
}
