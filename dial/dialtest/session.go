package dialtest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/mailconn/mailconn/policy"
)

// session is one client's connection to a server.
type session struct {
	*Server
	conn   *serverConn
	in     *bufio.Reader
	out    *bufio.Writer
	secure *tls.Conn // nil in the clear
	authed bool
	trace  func(client, inside bool, line string) // nil if nothing wants to know
}

func newSession(s *Server, c *serverConn, trace func(client, inside bool, line string)) *session {
	ss := &session{Server: s, conn: c, trace: trace}
	ss.speakOver(c)
	return ss
}

func (s *session) speakOver(conn net.Conn) {
	s.in, s.out = bufio.NewReader(conn), bufio.NewWriter(conn)
}

// errEnd ends a session that has nothing more to say.
var errEnd = errors.New("end of session")

// run speaks until one side is done, and closes the connection.
func (s *session) run() {
	defer s.conn.end()
	if s.cfg.Implicit && s.handshake() != nil {
		return
	}
	var handle func(line string) error
	greeting, welcome := "", ""
	switch s.cfg.Protocol {
	case policy.IMAP:
		p := &imapSession{session: s}
		greeting, welcome, handle = "* OK ["+p.capabilities()+"] ready", "* OK", p.handle
	case policy.POP3:
		p := &pop3Session{session: s}
		greeting, welcome, handle = "+OK ready", "+OK", p.handle
	default:
		p := &smtpSession{session: s}
		greeting, welcome, handle = "220 mail.test ESMTP ready", "220", p.handle
	}
	if !s.greet(greeting, welcome) || s.loop(handle) == errEnd {
		s.farewell()
	}
}

// farewell says what is queued, and that no more will come. A client that has
// left before gets none: it would count as a turn.
func (s *session) farewell() {
	s.out.Flush()
	if s.secure != nil {
		s.secure.CloseWrite()
	}
}

// greet greets, and reports whether the client is to go on.
func (s *session) greet(usual, welcome string) bool {
	if s.cfg.Greeting != "" {
		usual = s.cfg.Greeting
	}
	s.say("%s", usual)
	upper := strings.ToUpper(usual)
	if s.cfg.Protocol == policy.IMAP && strings.HasPrefix(upper, "* PREAUTH") {
		s.authed = true
		return true
	}
	return strings.HasPrefix(upper, welcome)
}

func (s *session) loop(handle func(line string) error) error {
	for {
		line, err := s.line()
		if err != nil {
			return err
		}
		if err := handle(line); err != nil {
			return err
		}
	}
}

// say queues a line for the client.
func (s *session) say(format string, args ...any) {
	line := fmt.Sprintf(format+"\r\n", args...)
	s.out.WriteString(line)
	s.note(false, line)
}

// line returns the client's next line without its end. What is queued goes out
// first, unless the next line is here already: then all is answered at once.
func (s *session) line() (string, error) {
	raw, err := s.rawLine()
	return strings.TrimRight(raw, "\r\n"), err
}

func (s *session) rawLine() (string, error) {
	waiting, _ := s.in.Peek(s.in.Buffered())
	if !bytes.Contains(waiting, []byte("\n")) {
		s.out.Flush()
	}
	line, err := s.in.ReadString('\n')
	s.note(true, line)
	return line, err
}

func (s *session) note(client bool, line string) {
	if s.trace != nil && line != "" {
		s.trace(client, s.secure != nil, line)
	}
}

// mayUpgrade reports whether STARTTLS is offered at this point.
func (s *session) mayUpgrade() bool { return s.secure == nil && !s.cfg.NoSTARTTLS }

// mayLogin reports whether logins are.
func (s *session) mayLogin() bool { return s.secure != nil || s.cfg.LoginInClear }

// upgrade begins TLS behind the go-ahead line. What the client has sent ahead
// may be an attacker's and must not be taken for its own.
func (s *session) upgrade(goAhead string) error {
	if s.in.Buffered() > 0 {
		return errEnd
	}
	s.conn.rec.expectTLS()
	s.say("%s", goAhead)
	s.out.Flush()
	return s.handshake()
}

func (s *session) handshake() error {
	conn := tls.Server(s.conn, s.cfg.TLS)
	if err := conn.Handshake(); err != nil {
		return err
	}
	s.secure = conn
	s.speakOver(recordedTLS{conn, s.conn.rec})
	return nil
}

// accepts reports whether a login is right.
func (s *session) accepts(user, password string) bool {
	return user == s.cfg.User && password == s.cfg.Password
}
