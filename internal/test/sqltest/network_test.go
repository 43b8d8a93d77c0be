package sqltest

import (
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers/sqlstore"
)

// network returns one before a server.
func network(t *testing.T, socket string) *dialtest.Network {
	n, err := dialtest.NewNetwork(socket, dialtest.Plan{})
	check(t, err)
	t.Cleanup(func() { n.Close() })
	return n
}

// through returns the database as it is behind a network.
func through(n *dialtest.Network, d database) database {
	host, port, _ := net.SplitHostPort(n.Addr())
	if d.Dialect == sqlstore.MySQL {
		d.DSN = strings.Replace(d.DSN, "unix("+d.Socket+")", "tcp("+net.JoinHostPort(host, port)+")", 1)
		return d
	}
	_, rest, _ := strings.Cut(d.DSN, " ")
	d.DSN = "host=" + host + " port=" + port + " " + rest
	return d
}

// silent returns the port of a listener which never answers.
func silent(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { l.Close() })
	return port(l.Addr().String())
}

// port returns that of an address.
func port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}
