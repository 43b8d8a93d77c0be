package dialtest

import (
	"context"
	"net"
	"strings"

	"github.com/mailconn/mailconn/dial"
)

// LeadTo returns a dialer that comes out at one address whatever is dialled, for a
// [dial.Dialer]: so that names and default ports can be dialled in a test, of
// servers that are not this package's too. The address is host:port, or the path of
// a Unix socket.
func LeadTo(address string) dial.NetDialer { return leadTo(address) }

type leadTo string

func (to leadTo) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	network := "tcp"
	if strings.ContainsAny(string(to), `/\`) || !strings.Contains(string(to), ":") {
		network = "unix"
	}
	return new(net.Dialer).DialContext(ctx, network, string(to))
}
