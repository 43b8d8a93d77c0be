// Package scripttest plays scripts of package script to the tests of this
// module, over connections in memory.
package scripttest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/policy"
)

// Player plays servers whose certificates one CA has issued.
type Player struct {
	ca  *dialtest.CA
	tls *tls.Config
}

// New returns a Player with a new CA. Call it before a synctest bubble begins;
// its certificates are valid in the year 2000 too, when the bubble's clock
// starts.
func New(t testing.TB) *Player {
	t.Helper()
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Certificate(dialtest.CertGood)
	if err != nil {
		t.Fatal(err)
	}
	return &Player{ca, &tls.Config{Certificates: []tls.Certificate{cert}}}
}

// Dialer returns a new Dialer that trusts the servers.
func (p *Player) Dialer() *dial.Dialer { return &dial.Dialer{TLSConfig: p.ClientTLS()} }

// ClientTLS returns a new config that trusts the servers.
func (p *Player) ClientTLS() *tls.Config { return p.ca.ClientConfig() }

// ServerTLS returns a new config with the certificate of the servers.
func (p *Player) ServerTLS() *tls.Config { return p.tls.Clone() }

// Session is one connection to a server that plays a script. As a
// dial.NetDialer it gives that connection to the client.
type Session struct {
	Client   net.Conn
	Endpoint dial.Endpoint
	done     chan *script.Record
}

// DialContext returns Client, whatever the address is.
func (s *Session) DialContext(context.Context, string, string) (net.Conn, error) {
	return s.Client, nil
}

// Record waits for the end of the connection and returns what the client did.
func (s *Session) Record() *script.Record { return <-s.done }

// Play plays a script without headers over a net.Pipe. The empty script is that
// of an honest server.
func (p *Player) Play(t testing.TB, protocol policy.Protocol, pol policy.Policy, lines string) *Session {
	t.Helper()
	honest, err := script.Honest(protocol)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := script.Parse(t.Name(), fmt.Sprintf("# A test.\nprotocol: %v\n%s\n", protocol, lines))
	if err != nil {
		t.Fatal(err)
	}
	stage := script.Stage{Honest: honest, Config: func(string) (*tls.Config, error) { return p.tls, nil }}
	client, server := net.Pipe()
	s := &Session{
		Client:   client,
		Endpoint: dial.Endpoint{Protocol: protocol, Host: "mail.test", Policy: pol},
		done:     make(chan *script.Record, 1),
	}
	go func() { s.done <- cases[0].Serve(server, pol, stage) }()
	return s
}

// NoNetwork returns a dialer that fails the test if it is used.
func NoNetwork(t testing.TB) dial.NetDialer { return noNetwork{t} }

type noNetwork struct{ t testing.TB }

func (n noNetwork) DialContext(context.Context, string, string) (net.Conn, error) {
	n.t.Error("dialled")
	return nil, errors.New("no network")
}
