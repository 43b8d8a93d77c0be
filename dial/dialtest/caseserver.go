package dialtest

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest/internal/play"
	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/policy"
)

// CaseServer plays a case for every client that connects to it, on a free port
// of 127.0.0.1. Its methods may be used from several goroutines at once.
//
// Commands that the case does not mention are answered as by an honest server, with two
// exceptions. As an attacker would, it accepts every login in the clear, whether it was
// listed or not. And it accepts every login inside TLS, unless the case is about a login
// that fails.
type CaseServer struct {
	c        *Case
	policy   policy.Policy
	ca       *CA
	rest     *script.Case // plays what the case leaves out
	honest   *Server      // serves in place of the case's script, if that is honest
	listener *serve.Listener

	mu    sync.Mutex
	plays []*caseConnection
}

// caseConnection is one connection to a CaseServer.
type caseConnection struct {
	rec        *serve.Recorder
	transcript *play.Transcript
	handshakes int // set when the play has ended
}

// Start starts a server that plays the case for clients with policy p, with certificates
// from ca. A nil ca means a new one. Start fails if the case cannot be played under p. The
// caller must close the server.
func (c *Case) Start(ca *CA, p policy.Policy) (*CaseServer, error) {
	if c.verdict(p) == notApplicable {
		return nil, errors.New("dialtest: " + c.Name + " cannot be played under " + p.String())
	}
	rest, err := script.Honest(c.Protocol)
	if err != nil {
		return nil, err
	}
	if ca == nil {
		if ca, err = NewCA(); err != nil {
			return nil, err
		}
	}
	s := &CaseServer{c: c, policy: p, ca: ca, rest: rest}
	if c.Class() == "honest" {
		s.honest, err = NewServer(Config{
			Protocol: c.Protocol, NoListener: true, NoRecords: true, CA: ca, Implicit: p == policy.ImplicitTLS, User: CanaryUser, Password: CanaryPassword,
			Mechanisms: []string{"PLAIN", "LOGIN"},
		})
		if err != nil {
			return nil, err
		}
	}
	if s.listener, err = serve.Listen("tcp4", serve.AnyPort); err != nil {
		return nil, err
	}
	s.listener.Start(s.serve)
	return s, nil
}

// Addr returns the server's address as host:port.
func (s *CaseServer) Addr() string { return s.listener.Addr().String() }

// Endpoint returns the server's endpoint, with the policy that Start was given.
func (s *CaseServer) Endpoint() dial.Endpoint { return endpoint(s.listener, s.c.Protocol, s.policy) }

// ClientConfig returns a new config that trusts the server's CA and no other.
func (s *CaseServer) ClientConfig() *tls.Config { return s.ca.ClientConfig() }

// Close is like [Server.Close].
func (s *CaseServer) Close() error { return s.listener.Close(func() {}) }

// serve serves one connection.
func (s *CaseServer) serve(conn net.Conn, cut <-chan struct{}) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return // unreachable: the listener is TCP's
	}
	p := &caseConnection{rec: &serve.Recorder{}, transcript: &play.Transcript{}}
	s.mu.Lock()
	s.plays = append(s.plays, p)
	s.mu.Unlock()

	handshakes := s.play(tcp, cut, p)
	s.mu.Lock()
	p.handshakes = handshakes
	s.mu.Unlock()
}

// play plays the case for one client, and returns how many handshakes were completed.
func (s *CaseServer) play(conn *net.TCPConn, cut <-chan struct{}, p *caseConnection) (handshakes int) {
	if s.honest != nil {
		if s.honest.session(conn, cut, p.rec, p.transcript.Add) {
			return 1
		}
		return 0
	}
	d := &play.Defaults{Protocol: s.c.Protocol, Lenient: s.c.script.Session(s.policy).Result == "tls"}
	played := s.c.script.Serve(&play.Conn{TCPConn: conn, Recorder: p.rec}, s.policy, script.Stage{
		Config: func(kind string) (*tls.Config, error) { return script.TLSConfig(kind, s.ca.named) },
		Honest: s.rest,
		Else:   d.Answer,
		Trace:  p.transcript.Add,
	})
	p.rec.Decrypted(played.Inside)
	return played.Handshakes
}

// Report returns what was recorded so far. What a client sends inside TLS is added when its
// connection has ended, so the report is complete when the server is closed.
func (s *CaseServer) Report() Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Report{protocol: s.c.Protocol, policy: s.policy}
	for _, p := range s.plays {
		r.Sessions = append(r.Sessions, Session(p.rec.Record()))
		r.Handshakes += p.handshakes
		r.Transcript = slices.Concat(r.Transcript, p.transcript.Lines(len(r.Sessions)))
	}
	return r
}
