package dialtest

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"sync"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest/internal/imapd"
	"github.com/mailconn/mailconn/dial/dialtest/internal/pop3d"
	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
	"github.com/mailconn/mailconn/dial/dialtest/internal/smtpd"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/policy"
)

// Server is an honest mail server on a free port of 127.0.0.1. It answers each
// command as the standards say, unless a [Rule] says otherwise, and records what
// its clients send.
//
// It does not execute commands that were sent ahead of a handshake, but hangs up. Its
// methods may be used from several goroutines at once.
type Server struct {
	cfg      Config
	settings *serve.Settings
	listener *serve.Listener

	mu       sync.Mutex
	conns    int // how many were made
	records  []*serve.Recorder
	messages []Message
}

// NewServer starts a server. The caller must close it.
func NewServer(c Config) (*Server, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: c, listener: serve.Deaf()}
	switch {
	case c.NoListener:
	case c.Unix != "":
		s.listener, err = serve.Listen("unix", c.Unix)
	default:
		s.listener, err = serve.Listen("tcp4", serve.AnyPort)
	}
	if err != nil {
		return nil, err
	}
	s.settings = &serve.Settings{
		TLS: c.TLS, Implicit: c.Implicit, NoSTARTTLS: c.NoSTARTTLS, Greeting: c.Greeting,
		User: c.User, Password: c.Password, Accept: c.Accept, Mechanisms: c.Mechanisms, LoginInClear: c.LoginInClear,
		Without: c.Without, MaxSize: c.MaxSize, Store: c.Store, Rules: serve.NewRules(c.NoRecords), Open: s.listener.Open,
	}
	s.settings.Rules.Add(orders(c.Rules)...)
	s.listener.Start(s.serve)
	return s, nil
}

// Addr returns the server's address: host:port, the path of its socket, or "" if it
// has no listener.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Endpoint returns the server's endpoint with a policy, also if the server does not fit
// that policy. To dial a server on a Unix socket, a Dialer needs NetDialer as well.
func (s *Server) Endpoint(p policy.Policy) dial.Endpoint {
	return endpoint(s.listener, s.cfg.Protocol, p)
}

// endpoint returns the endpoint of a listener.
func endpoint(l *serve.Listener, proto policy.Protocol, p policy.Policy) dial.Endpoint {
	e := dial.Endpoint{Protocol: proto, Host: "127.0.0.1", Policy: p}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		e.Port = uint16(tcp.Port)
	}
	return e
}

// NetDialer returns a dialer that connects to the server, whatever address it is given. With
// it a [dial.Dialer] can dial names and default ports in a test. The certificate is also
// for mail.test.
func (s *Server) NetDialer() dial.NetDialer {
	if s.cfg.NoListener {
		return s.PipeDialer()
	}
	return LeadTo(s.Addr())
}

// CA returns the CA that issued the server's certificate.
func (s *Server) CA() *CA { return s.cfg.CA }

// ClientConfig returns a new config that trusts the server's CA. It has no ServerName: a
// client that does not take the name from the address needs "mail.test".
func (s *Server) ClientConfig() *tls.Config { return s.cfg.CA.ClientConfig() }

// Order adds rules after those that the server has. If one of them is not valid, Order
// returns an error and adds none.
func (s *Server) Order(rules ...Rule) error {
	if err := checkRules(s.cfg.Protocol, rules); err != nil {
		return err
	}
	s.settings.Rules.Add(orders(rules)...)
	return nil
}

// UnusedRules returns the At of each rule that has not applied so far, in the order of the
// rules.
func (s *Server) UnusedRules() []string { return s.settings.Rules.Unused() }

// ClearRules removes all rules.
func (s *Server) ClearRules() { s.settings.Rules.Clear() }

// Close stops listening and waits for all connections to end. What clients sent before they
// closed is still read. Connections that are open half a second later are cut. The records
// stay.
func (s *Server) Close() error { return s.listener.Close(func() {}) }

// HangUp cuts all connections, and continues to listen.
func (s *Server) HangUp() { s.listener.HangUp() }

// Serve serves a connection that the caller has accepted, and returns when it has ended. It
// closes conn.
func (s *Server) Serve(conn net.Conn) { s.listener.Serve(conn) }

// Pipe returns a connection to the server in memory: one end of a net.Pipe whose other end
// the server serves. The caller must close it.
func (s *Server) Pipe() net.Conn {
	client, server := net.Pipe()
	go s.Serve(server)
	return client
}

// PipeDialer returns a dialer whose connections are those of [Server.Pipe], whatever
// address it is given. It works inside a bubble of package testing/synctest.
func (s *Server) PipeDialer() dial.NetDialer { return pipeDialer{s} }

type pipeDialer struct{ s *Server }

func (d pipeDialer) DialContext(context.Context, string, string) (net.Conn, error) {
	return d.s.Pipe(), nil
}

// Sessions returns what was recorded of each connection so far, in the order in which they
// were made. It is complete when the server is closed.
func (s *Server) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sessions(s.records)
}

func sessions(records []*serve.Recorder) []Session {
	all := make([]Session, len(records))
	for i, r := range records {
		all[i] = Session(r.Record())
	}
	return all
}

// Commands returns the commands that clients have sent so far, on all connections, in the
// form in which rules see them: without tags, and with "." for the end of a message. The
// other moments of rules are not among them, nor is what a client sends in a login after
// its command.
func (s *Server) Commands() []string { return s.settings.Rules.Commands() }

// Message is a message that a client has sent by SMTP.
type Message struct {
	From       string     // the path of MAIL
	MailParams []string   // the parameters of MAIL, such as "BODY=8BITMIME"
	To         []string   // the paths of RCPT
	RcptParams [][]string // the parameters of each RCPT
	Data       []byte     // the content, without dot-stuffing
}

// clone returns a copy that shares nothing with m.
func (m Message) clone() Message {
	m.MailParams, m.To, m.Data = slices.Clone(m.MailParams), slices.Clone(m.To), slices.Clone(m.Data)
	m.RcptParams = slices.Clone(m.RcptParams)
	for i, params := range m.RcptParams {
		m.RcptParams[i] = slices.Clone(params)
	}
	return m
}

// Messages returns the messages that an SMTP server has accepted so far. A message is among
// them before the server replies that it was accepted. An IMAP or POP3 server accepts none:
// [Server.Mailbox] returns the messages in its INBOX.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.messages)
	for i := range all {
		all[i] = all[i].clone()
	}
	return all
}

// take keeps a message that a client has sent.
func (s *Server) take(m serve.Message) {
	s.mu.Lock()
	if !s.cfg.NoRecords {
		s.messages = append(s.messages, Message(m))
	}
	s.mu.Unlock()
	if s.cfg.Store != nil {
		s.cfg.Store.Inbox().Add(mailstore.Message{Text: string(m.Data)})
	}
}

// Store returns the server's store, and nil for an SMTP server without one.
func (s *Server) Store() *mailstore.Store { return s.cfg.Store }

// Deliver adds new messages to the INBOX, and returns their UIDs. IMAP sessions that have it
// open report them; POP3 sessions see the messages that were there when they began.
// Messages for a server without a store are lost. For other mailboxes use Store.
func (s *Server) Deliver(texts ...string) []uint32 { return s.inbox().Deliver(texts...) }

// Expunge removes messages from the INBOX, as another client would.
func (s *Server) Expunge(uids ...uint32) { s.inbox().Expunge(uids...) }

// Mailbox returns the texts of the messages in the INBOX.
func (s *Server) Mailbox() []string { return s.inbox().Texts() }

// inbox returns the INBOX, and one that is not used by any session if there is no store.
func (s *Server) inbox() *mailstore.Mailbox {
	if s.cfg.Store == nil {
		return mailstore.New().Inbox()
	}
	return s.cfg.Store.Inbox()
}

// serve serves one connection.
func (s *Server) serve(conn net.Conn, cut <-chan struct{}) {
	rec := &serve.Recorder{Forgets: s.cfg.NoRecords}
	s.session(conn, cut, rec, nil)
}

// session serves a connection to its end, and reports whether it got inside TLS.
func (s *Server) session(conn net.Conn, cut <-chan struct{}, rec *serve.Recorder, trace func(client, inside bool, line string)) (secure bool) {
	s.mu.Lock()
	number := s.conns
	s.conns++
	if !rec.Forgets {
		s.records = append(s.records, rec)
	}
	s.mu.Unlock()
	ss := serve.NewSession(serve.NewConn(conn, rec), cut, s.settings, number)
	ss.Trace = trace
	switch s.cfg.Protocol {
	case policy.IMAP:
		ss.Run(&imapd.Session{Session: ss})
	case policy.POP3:
		ss.Run(&pop3d.Session{Session: ss})
	default:
		ss.Run(&smtpd.Session{Session: ss, Submission: s.cfg.Protocol == policy.Submission, Took: s.take})
	}
	return ss.Secure()
}
