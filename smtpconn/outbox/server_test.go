package outbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// server is an SMTP server that remembers what it took. It is reached by net.Pipe, and
// by a listener if it has one.
type server struct {
	caps    string // lines of EHLO, separated by semicolons
	forgets bool   // what was said and taken, for benchmarks

	mu sync.Mutex
	// answer, if set, may change a reply; "" hangs up, "-" says nothing. The end of a
	// content is the command ".". A reply to "." that hangs up or is silent takes the
	// message.
	answer   func(command, usual string) string
	down     error // of dials
	dials    int
	conns    []net.Conn
	commands []string
	took     map[string]int // messages by their Subject and a recipient, as in "m1 ann@mail.test"
	contents map[string]string
}

func newServer() *server {
	return &server{caps: "8BITMIME;PIPELINING", took: map[string]int{}, contents: map[string]string{}}
}

func (s *server) set(f func(command, usual string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

func (s *server) setDown(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

// hangUp ends all connections of net.Pipe.
func (s *server) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
	s.conns = nil
}

var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}

func (s *server) DialContext(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials++
	if s.down != nil {
		return nil, s.down
	}
	client, conn := net.Pipe()
	s.conns = append(s.conns, conn)
	go s.serve(conn)
	return client, nil
}

// listen serves other processes, until the test ends.
func (s *server) listen(t testing.TB) (address string) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sockettest.Serve(t, l, s.serve)
	return l.Addr().String()
}

func (s *server) reply(command, usual string) string {
	s.mu.Lock()
	if !s.forgets {
		s.commands = append(s.commands, command)
	}
	answer := s.answer
	s.mu.Unlock()
	if answer != nil {
		return answer(command, usual)
	}
	return usual
}

func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	in, out := bufio.NewReader(conn), bufio.NewWriter(conn)
	say := func(command, usual string) (yes, more bool) {
		r := s.reply(command, usual)
		if r != "" && r != "-" {
			out.WriteString(r + "\r\n")
		}
		if in.Buffered() == 0 || r == "" {
			out.Flush()
		}
		return r == "-" || r != "" && r[0] <= '3', r != ""
	}
	var to []string
	if _, more := say("greeting", "220 mail.test"); !more {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		verb, _, _ := strings.Cut(line, " ")
		yes, more := false, true
		switch verb {
		case "EHLO":
			_, more = say(line, "250-mail.test\r\n250-"+strings.ReplaceAll(s.caps, ";", "\r\n250-")+"\r\n250 HELP")
		case "MAIL":
			to = nil
			_, more = say(line, "250 2.1.0 ok")
		case "RCPT":
			if yes, more = say(line, "250 2.1.5 ok"); yes {
				address, _, _ := strings.Cut(strings.TrimPrefix(line, "RCPT TO:<"), ">")
				to = append(to, address)
			}
		case "DATA":
			if len(to) == 0 {
				_, more = say(line, "503 5.5.1 no recipient")
			} else if yes, more = say(line, "354 go"); yes {
				more = s.content(in, to, say)
			}
		case "QUIT":
			say(line, "221 bye")
			return
		default:
			_, more = say(line, "250 2.0.0 ok")
		}
		if !more {
			return
		}
	}
}

// content reads the content of a message, and takes it unless it is refused.
func (s *server) content(in *bufio.Reader, to []string, say func(command, usual string) (yes, more bool)) bool {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	yes, more := say(".", "250 2.0.0 queued")
	if yes || !more {
		s.take(text.String(), to)
	}
	return more
}

func (s *server) take(text string, to []string) {
	head, _, _ := strings.Cut(text, "\r\n")
	subject := strings.TrimPrefix(head, "Subject: ")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, address := range to {
		s.took[subject+" "+address]++
	}
	if !s.forgets {
		s.contents[subject] = text
	}
}

// taken returns how often each message was taken.
func (s *server) taken() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.took)
}

// total returns how many messages were taken.
func (s *server) total() (n int) {
	for _, times := range s.taken() {
		n += times
	}
	return n
}

// said counts the commands with a prefix.
func (s *server) said(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(s.commands), func(c string) bool { return !strings.HasPrefix(c, prefix) }))
}

// newPool returns a pool of connections to a server, in the clear.
func newPool(t testing.TB, network dial.NetDialer, conns int) *pool.Pool {
	t.Helper()
	p, err := makePool(network, "mail.test", 25, conns)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func makePool(network dial.NetDialer, host string, port uint16, conns int) (*pool.Pool, error) {
	return pool.New(pool.Config{
		Endpoint:    dial.Endpoint{Protocol: policy.SMTP, Host: host, Port: port, Policy: policy.NoTLS},
		Options:     &smtpconn.Options{Dialer: &dial.Dialer{NetDialer: network, LocalName: "client.test"}},
		MaxAttempts: 1, MaxConns: conns,
	})
}

// mail returns the envelope and the content of a message.
func mail(subject string, to ...string) (smtpconn.Envelope, io.Reader) {
	e := smtpconn.Envelope{From: "me@mail.test", To: to}
	return e, strings.NewReader(fmt.Sprintf("Subject: %s\r\n\r\n.Hello, %[1]s.\r\n", subject))
}
