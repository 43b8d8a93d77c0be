// Package scripttest plays scripts of package script to the tests of this
// module, over connections in memory.
package scripttest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/policy"
)

// Player plays servers whose certificates one CA has issued. Its methods may be
// used from several goroutines at once.
type Player struct {
	CA *dialtest.CA

	mu      sync.Mutex
	configs map[string]*tls.Config // by kind
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
	return &Player{CA: ca, configs: map[string]*tls.Config{}}
}

// Dialer returns a new Dialer that trusts the servers.
func (p *Player) Dialer() *dial.Dialer { return &dial.Dialer{TLSConfig: p.CA.ClientConfig()} }

// TLS returns the servers' config for a kind of TLS, as scripts name it.
func (p *Player) TLS(kind string) (*tls.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.configs[kind] == nil {
		c, err := script.TLSConfig(kind, p.certificate)
		if err != nil {
			return nil, err
		}
		p.configs[kind] = c
	}
	return p.configs[kind], nil
}

// certificate issues a certificate of the kind that has the name.
func (p *Player) certificate(kind string) (tls.Certificate, error) {
	for k := dialtest.CertGood; ; k++ {
		if cert, err := p.CA.Certificate(k); err != nil || k.String() == kind {
			return cert, err
		}
	}
}

// Stage returns what a case of the protocol needs to be played.
func (p *Player) Stage(t testing.TB, protocol policy.Protocol) script.Stage {
	t.Helper()
	honest, err := script.Honest(protocol)
	if err != nil {
		t.Fatal(err)
	}
	return script.Stage{Honest: honest, Config: p.TLS}
}

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
	cases, err := script.Parse(t.Name(), fmt.Sprintf("# A test.\nprotocol: %v\n%s\n", protocol, lines))
	if err != nil {
		t.Fatal(err)
	}
	stage := p.Stage(t, protocol)
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
