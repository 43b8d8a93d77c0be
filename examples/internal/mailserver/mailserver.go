// Package mailserver runs a small but complete mail system for the examples:
// submission by go-smtp, IMAP by go-imap and POP3 by dialtest, each on a port
// for STARTTLS and on one for implicit TLS, over one mailbox in memory.
package mailserver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

// The one account.
const (
	User     = "alice"
	Password = "correct horse battery staple"
	Address  = "alice@mail.test"
)

// Unknown is an address that the submission server refuses. It accepts all others.
const Unknown = "unknown@mail.test"

// Server is the mail system. It listens on free ports of 127.0.0.1.
type Server struct {
	ca    *dialtest.CA
	box   *mailbox
	ports map[port]*listener
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
	cert, err := ca.Certificate(dialtest.CertGood)
	if err != nil {
		return nil, err
	}
	box, err := newMailbox()
	if err != nil {
		return nil, err
	}
	s := &Server{ca: ca, box: box, ports: make(map[port]*listener)}
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"imap"}}
	for _, implicit := range []bool{false, true} {
		err = errors.Join(err,
			s.listen(port{policy.Submission, implicit}, overTLS(cfg, newSMTP(cfg, box).Serve)),
			s.listen(port{policy.IMAP, implicit}, overTLS(cfg, newIMAP(cfg, box).Serve)),
			s.listen(port{policy.POP3, implicit}, func(l net.Listener, implicit bool) {
				servePOP3(l, pop3Config(ca, box, implicit))
			}))
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("mailserver: %w", err)
	}
	return s, nil
}

// overTLS returns a function that serves a listener of either kind.
func overTLS(cfg *tls.Config, serve func(net.Listener) error) func(net.Listener, bool) {
	return func(l net.Listener, implicit bool) {
		if implicit {
			l = tls.NewListener(l, cfg)
		}
		serve(l) // until Close; its error is that of the closed listener
	}
}

func (s *Server) listen(p port, serve func(l net.Listener, implicit bool)) error {
	inner, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	l := &listener{Listener: inner, open: make(map[*conn]struct{})}
	s.ports[p] = l
	l.running.Go(func() { serve(l, p.implicit) })
	return nil
}

// Addr returns the address of a server, the one for implicit TLS or the other,
// as host:port.
func (s *Server) Addr(p policy.Protocol, implicit bool) string {
	return s.ports[port{p, implicit}].Addr().String()
}

// Endpoint returns how to dial a server under a policy.
func (s *Server) Endpoint(p policy.Protocol, how policy.Policy) dial.Endpoint {
	addr := s.ports[port{p, how == policy.ImplicitTLS}].Addr().(*net.TCPAddr)
	return dial.Endpoint{Protocol: p, Host: "127.0.0.1", Port: uint16(addr.Port), Policy: how}
}

// ClientConfig returns a new config that trusts the system's certificate.
func (s *Server) ClientConfig() *tls.Config { return s.ca.ClientConfig() }

// Close ends all connections and waits until nothing of the system runs any
// more.
func (s *Server) Close() {
	for _, l := range s.ports {
		l.end()
	}
}
