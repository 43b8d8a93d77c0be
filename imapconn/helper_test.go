package imapconn_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/mailconn/mailconn/internal/test/scripttest"
)

// noNet fails the test if anybody dials.
type noNet struct{ t *testing.T }

func (n noNet) DialContext(context.Context, string, string) (net.Conn, error) {
	n.t.Error("dialled")
	return nil, errors.New("no network")
}

// given is a NetDialer that returns the connection to a session.
type given struct{ *scripttest.Session }

func (g given) DialContext(context.Context, string, string) (net.Conn, error) { return g.Client, nil }
