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

// detour leads every connection to one address.
type detour string

func (to detour) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, string(to))
}

// A server had TLS once. When somebody in between hides that it offers TLS, a
// dial that remembers is not led into the clear.
func Example() {
	server, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	thief, err := dialtest.Interpose(server.Addr(), policy.SMTP, dialtest.Strip)
	if err != nil {
		log.Fatal(err)
	}
	defer thief.Close()

	endpoint := server.Endpoint(policy.OpportunisticSTARTTLS)
	d := &dial.Dialer{TLSConfig: server.ClientConfig(), Peers: new(memstore.Store)}
	conn, err := d.Dial(context.Background(), endpoint)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conn.Security().Encrypted())
	conn.Close()

	d.NetDialer = detour(thief.Addr())
	_, err = d.Dial(context.Background(), endpoint)
	fmt.Println(errors.Is(err, policy.ErrRemembered))
	// Output:
	// true
	// true
}
