// Package mailserver runs a small but complete mail system for the examples:
// submission, IMAP and POP3, each on a port for STARTTLS and on one for implicit
// TLS, over one account in memory.
package mailserver

import (
	"crypto/tls"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/policy"
)

// The one account.
const (
	User     = "alice"
	Password = "correct horse battery staple"
	Address  = "alice@mail.test"
)

// Unknown is an address that the submission server refuses. It accepts all others,
// and delivers what it takes to the one INBOX.
const Unknown = "unknown@mail.test"

// Server is the mail system. It listens on free ports of 127.0.0.1.
type Server struct {
	ca    *dialtest.CA
	ports map[port]*dialtest.Server
}

// port is one of the six that the system listens on.
type port struct {
	protocol policy.Protocol
	implicit bool // TLS from the first byte
}

// Start starts the mail system. The caller must close it.
func Start() (*Server, error) {
	ca, err := dialtest.NewCA()
	if err != nil {
		return nil, err
	}
	s := &Server{ca: ca, ports: make(map[port]*dialtest.Server)}
	store := mailstore.New()
	for _, protocol := range []policy.Protocol{policy.Submission, policy.IMAP, policy.POP3} {
		for _, implicit := range []bool{false, true} {
			c := dialtest.Config{Protocol: protocol, Implicit: implicit, CA: ca, Store: store, User: User, Password: Password}
			if protocol == policy.Submission {
				c.Rules = []dialtest.Rule{{At: "RCPT TO:<" + Unknown + ">", Reply: "550 5.1.1 no such user"}}
			}
			if s.ports[port{protocol, implicit}], err = dialtest.NewServer(c); err != nil {
				delete(s.ports, port{protocol, implicit})
				s.Close()
				return nil, err
			}
		}
	}
	return s, nil
}

// Addr returns the address of a server, the one for implicit TLS or the other,
// as host:port.
func (s *Server) Addr(p policy.Protocol, implicit bool) string {
	return s.ports[port{p, implicit}].Addr()
}

// Endpoint returns how to dial a server under a policy.
func (s *Server) Endpoint(p policy.Protocol, how policy.Policy) dial.Endpoint {
	return s.ports[port{p, how == policy.ImplicitTLS}].Endpoint(how)
}

// ClientConfig returns a new config that trusts the system's certificate.
func (s *Server) ClientConfig() *tls.Config { return s.ca.ClientConfig() }

// Close ends all connections and waits until nothing of the system runs any
// more.
func (s *Server) Close() {
	for _, srv := range s.ports {
		srv.HangUp()
		srv.Close()
	}
}
