package memstore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/policy"
)

// detour dials one address, whatever address it is given.
type detour string

func (to detour) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, string(to))
}

// The first dial finds a server with TLS. When an attacker later removes the offer, a
// Dialer that remembers the server does not stay in the clear.
func Example() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	attacker, err := dialtest.Interpose(server.Addr(), policy.SMTP, dialtest.Strip)
	if err != nil {
		log.Fatal(err)
	}
	defer attacker.Close()

	endpoint := server.Endpoint(policy.OpportunisticSTARTTLS)
	d := &dial.Dialer{TLSConfig: server.ClientConfig(), Peers: new(memstore.Store)}
	conn, err := d.Dial(context.Background(), endpoint)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conn.Security().Encrypted())
	conn.Close()

	d.NetDialer = detour(attacker.Addr())
	_, err = d.Dial(context.Background(), endpoint)
	fmt.Println(errors.Is(err, policy.ErrRemembered))
	// Output:
	// true
	// true
}
