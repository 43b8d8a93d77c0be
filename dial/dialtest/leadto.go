package dialtest

import (
	"context"
	"net"
	"strings"

	"github.com/mailconn/mailconn/dial"
)

// LeadTo returns a dialer that connects to one address, whatever address it is given: in a
// test a [dial.Dialer] with it can dial names and default ports. The address is host:port,
// or the path of a Unix socket. The server there need not be one of this package.
func LeadTo(address string) dial.NetDialer { return leadTo(address) }

type leadTo string

func (to leadTo) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	network := "tcp"
	if strings.ContainsAny(string(to), `/\`) || !strings.Contains(string(to), ":") {
		network = "unix"
	}
	return new(net.Dialer).DialContext(ctx, network, string(to))
}
