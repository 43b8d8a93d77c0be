package serve

import (
	"bufio"
	"crypto/tls"
	"errors"
	"net"
	"slices"

	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
)

// Settings are what a server is like, for all of its sessions.
type Settings struct {
	TLS            *tls.Config
	Implicit       bool
	NoSTARTTLS     bool
	Greeting       string
	User, Password string
	Accept         func(user, password string) bool
	Mechanisms     []string
	LoginInClear   bool
	Without        []string
	MaxSize        int64
	Store          *mailstore.Store
	Rules          *Rules
	Open           func() int // how many connections are open
}

// Has reports whether the server has an extension: whether it was not taken away.
func (s *Settings) Has(extension string) bool {
	return !slices.Contains(s.Without, extension)
}

// Protocol is what a protocol adds to a session.
type Protocol interface {
	// Greeting returns the usual greeting.
	Greeting() string
	// Greeted is told the greeting that was given, and reports whether the
	// client is to go on.
	Greeted(greeting string) bool
	// Handle answers a client's line. An error ends the session: ErrEnd after
	// what is queued was sent. If there is a method Close, it is called then.
	Handle(line string) error
}

// ErrEnd ends a session that has nothing more to say.
var ErrEnd = errors.New("end of session")

// errCut ends a session at once.
var errCut = errors.New("cut off")

// Session is one client's connection to a server.
type Session struct {
	*Settings
	Number int // of the connection, from 0
	Authed bool
	// Message is what an SMTP client has said of a message so far.
	Message Message
	// Trace, if set, is told what both sides say.
	Trace func(client, inside bool, line string)

	conn   *Conn
	cut    <-chan struct{}
	in     *bufio.Reader
	out    *bufio.Writer
	secure *tls.Conn // nil in the clear
	packed bool      // both sides compress
	limit  int       // how many more bytes go out; -1: all
	muted  bool      // a command is carried out without a word
	reply  func()    // says, once, what a rule says of the command that is carried out; or nil
	end    End       // what follows when the command is answered
}

// NewSession returns a session on conn, whose number counts the server's connections from
// 0. It ends soon after cut is closed.
func NewSession(conn *Conn, cut <-chan struct{}, s *Settings, number int) *Session {
	ss := &Session{Settings: s, Number: number, conn: conn, cut: cut, limit: -1}
	ss.speakOver(conn)
	return ss
}

func (s *Session) speakOver(conn net.Conn) {
	s.in, s.out = bufio.NewReader(conn), bufio.NewWriter(limited{conn, s})
}

// limited writes as much as a rule lets through, and forgets the rest.
type limited struct {
	net.Conn
	s *Session
}

func (l limited) Write(p []byte) (int, error) {
	n := len(p)
	if l.s.limit >= 0 {
		n = min(n, l.s.limit)
		l.s.limit -= n
	}
	if n > 0 {
		if _, err := l.Conn.Write(p[:n]); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Secure reports whether the session is inside TLS.
func (s *Session) Secure() bool { return s.secure != nil }

// HangUp says that no more will come, upon which the client hangs up.
func (s *Session) HangUp() {
	if !s.conn.Finish() {
		s.conn.Close()
	}
}
