// Package scripttest plays scripts for the tests of this module.
package scripttest

import (
	"crypto/tls"
	"fmt"
	"net"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/policy"
)

// Theatre plays servers with certificates of one CA.
type Theatre struct {
	ca  *dialtest.CA
	cfg *tls.Config
}

// New returns a Theatre. Make it outside of synctest bubbles, whose clock
// starts in 2000: its certificates are good then too.
func New(t testing.TB) *Theatre {
	t.Helper()
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Certificate(dialtest.CertGood)
	if err != nil {
		t.Fatal(err)
	}
	return &Theatre{ca, &tls.Config{Certificates: []tls.Certificate{cert}}}
}

// Dialer returns a Dialer that trusts the Theatre's servers.
func (th *Theatre) Dialer() *dial.Dialer { return &dial.Dialer{TLSConfig: th.ca.ClientConfig()} }

// Show is a server being played.
type Show struct {
	Client   net.Conn
	Endpoint dial.Endpoint
	done     chan *script.Record
}

// Record waits for the end of the connection and returns what the client did.
func (s *Show) Record() *script.Record { return <-s.done }

// Play plays the server's lines, a script without its headers, over an
// in-memory connection. No lines are an honest server's.
func (th *Theatre) Play(t testing.TB, p policy.Protocol, pol policy.Policy, lines string) *Show {
	t.Helper()
	client, peer := net.Pipe()
	s := &Show{
		Client:   client,
		Endpoint: dial.Endpoint{Protocol: p, Host: "mail.test", Policy: pol},
		done:     make(chan *script.Record, 1),
	}
	c, stage := th.stage(t, p, lines)
	go func() { s.done <- c.Serve(peer, pol, stage) }()
	return s
}

func (th *Theatre) stage(t testing.TB, p policy.Protocol, lines string) (*script.Case, script.Stage) {
	t.Helper()
	honest, err := script.Honest(p)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := script.Parse(t.Name(), fmt.Sprintf("# A test.\nprotocol: %v\n%s\n", p, lines))
	if err != nil {
		t.Fatal(err)
	}
	return cases[0], script.Stage{Honest: honest, Config: func(string) (*tls.Config, error) { return th.cfg, nil }}
}
