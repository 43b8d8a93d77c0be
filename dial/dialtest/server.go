package dialtest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// Server is an honest mail server on a free port of 127.0.0.1. It answers each
// command as the standards say, and writes only when it was asked.
//
// It never acts on commands that were sent ahead of a handshake: it hangs up
// instead. Its methods may be used from several goroutines at once.
type Server struct {
	cfg      Config
	listener *listener

	mu       sync.Mutex
	records  []*recorder
	messages []Message
	mailbox  []letter
}

// NewServer starts a server. The caller must close it.
func NewServer(c Config) (*Server, error) {
	s, err := newUnstarted(c)
	if err != nil {
		return nil, err
	}
	if s.listener, err = listen(s.serve); err != nil {
		return nil, err
	}
	return s, nil
}

// newUnstarted returns a server that does not listen.
func newUnstarted(c Config) (*Server, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: c}
	for i, text := range c.Mailbox {
		if !strings.HasSuffix(text, "\r\n") {
			text += "\r\n"
		}
		s.mailbox = append(s.mailbox, letter{fmt.Sprintf("letter-%d", i+1), text})
	}
	return s, nil
}

// Addr returns the server's address as host:port.
func (s *Server) Addr() string { return s.listener.addr().String() }

// Endpoint returns how to dial the server under a policy. It does not look at
// whether the server is one for that policy.
func (s *Server) Endpoint(p policy.Policy) dial.Endpoint {
	return s.listener.endpoint(s.cfg.Protocol, p)
}

// NetDialer returns a dialer that comes out here whatever is dialled, for a
// [dial.Dialer]: so that names and default ports can be dialled in a test. The
// certificate is also for mail.test.
func (s *Server) NetDialer() dial.NetDialer { return leadTo(s.Addr()) }

// leadTo is a NetDialer that knows one address.
type leadTo string

func (to leadTo) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, string(to))
}

// CA returns the CA that issued the server's certificate.
func (s *Server) CA() *CA { return s.cfg.CA }

// ClientConfig returns a new config that trusts the server's CA.
func (s *Server) ClientConfig() *tls.Config { return s.cfg.CA.ClientConfig() }

// Close stops listening and waits until nothing of the server runs any more.
// Whatever clients that have closed already sent is still read; connections
// that are open half a second later are cut. The records stay.
func (s *Server) Close() error { return s.listener.close(func() {}) }

// Serve serves one connection that the caller brings, and returns when it has
// ended. It closes conn.
func (s *Server) Serve(conn net.Conn) { s.listener.run(conn, s.serve) }

// Pipe returns a connection to the server that needs no network: one end of a
// net.Pipe, whose other end is served. The caller must close it.
func (s *Server) Pipe() net.Conn {
	client, server := net.Pipe()
	go s.Serve(server)
	return client
}

// Sessions returns what was recorded of each connection so far, in the order
// in which they came.
func (s *Server) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sessions(s.records)
}

func sessions(records []*recorder) []Session {
	all := make([]Session, len(records))
	for i, r := range records {
		all[i] = r.session()
	}
	return all
}

// Message is what a client has sent by SMTP.
type Message struct {
	From string   // the path of MAIL
	To   []string // the paths of RCPT
	Data []byte   // as it was before dot-stuffing, lines ending in CRLF
}

// Messages returns the messages that the server has accepted so far.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.messages)
	for i := range all {
		all[i].To, all[i].Data = slices.Clone(all[i].To), slices.Clone(all[i].Data)
	}
	return all
}

// Mailbox returns the messages that a POP3 server still holds: those that no
// client has deleted and confirmed with QUIT.
func (s *Server) Mailbox() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]string, len(s.mailbox))
	for i, l := range s.mailbox {
		all[i] = l.text
	}
	return all
}

// serve is the life of one connection.
func (s *Server) serve(conn net.Conn) {
	rec := &recorder{}
	s.mu.Lock()
	s.records = append(s.records, rec)
	s.mu.Unlock()
	newSession(s, newServerConn(conn, rec), nil).run()
}
