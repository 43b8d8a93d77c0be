package imapconn_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/mailconn/mailconn/internal/test/scripttest"
)

// noNet fails the test that dials.
type noNet struct{ t *testing.T }

func (n noNet) DialContext(context.Context, string, string) (net.Conn, error) {
	n.t.Error("dialled")
	return nil, errors.New("no network")
}

// given is a NetDialer that returns the connection to a show.
type given struct{ *scripttest.Show }

func (g given) DialContext(context.Context, string, string) (net.Conn, error) { return g.Client, nil }

// addr returns host and port of a TCP address.
func addr(a net.Addr) (string, uint16) {
	tcp := a.(*net.TCPAddr)
	return tcp.IP.String(), uint16(tcp.Port)
}
