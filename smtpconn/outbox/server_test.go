package outbox_test

import (
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
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// server is an SMTP server of dialtest that remembers what it took. It is reached by
// net.Pipe, and by a listener if it has one.
type server struct {
	*dialtest.Server
	caps    string // lines of EHLO, separated by semicolons
	forgets bool   // what was said and taken, for benchmarks

	mu sync.Mutex
	// answer, if set, may change a reply: "" hangs up, "-" says nothing, and usual is
	// what the server says. The end of a content is the command ".". A reply to "." that
	// hangs up or is silent takes the message.
	answer   func(command, usual string) string
	down     error // of dials
	dials    int
	commands []string
	took     map[string]int // messages by their Subject and a recipient, as in "m1 ann@mail.test"
	contents map[string]string
}

func newServer() *server {
	s := &server{caps: "8BITMIME;PIPELINING", took: map[string]int{}, contents: map[string]string{}}
	s.Server = s.start(false)
	return s
}

// start starts a server, with a port of its own if it is for other processes.
func (s *server) start(listens bool) *dialtest.Server {
	srv, err := dialtest.NewServer(dialtest.Config{
		Protocol: policy.SMTP, NoSTARTTLS: true, NoListener: !listens, NoRecords: true,
		Rules: []dialtest.Rule{{At: "*", Choose: s.choose}},
	})
	if err != nil {
		panic(err) // there is no port
	}
	return srv
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

var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}

func (s *server) DialContext(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials++
	if s.down != nil {
		return nil, s.down
	}
	return s.Pipe(), nil
}

// listen serves other processes, until the test ends.
func (s *server) listen(t testing.TB) (address string) {
	srv := s.start(true)
	t.Cleanup(func() { srv.Close() })
	return srv.Addr()
}

// choose has the server answer a command as answer says.
func (s *server) choose(m dialtest.Moment) dialtest.Rule {
	if m.Command == "connect" || m.Command == "closed" {
		return dialtest.Rule{}
	}
	const usual = "as usual"
	reply := s.reply(m.Command, usual)
	positive := reply != "" && reply[0] <= '3'
	if m.Command == "." && (positive || reply == usual || reply == "" || reply == "-") {
		s.take(string(m.Message.Data), m.Message.To)
	}
	switch {
	case reply == "":
		return dialtest.Rule{Skip: true, End: dialtest.EndClose}
	case reply == "-":
		return dialtest.Rule{Skip: true}
	case reply != usual:
		return dialtest.Rule{Reply: reply, Obey: positive}
	case strings.HasPrefix(m.Command, "EHLO"):
		return dialtest.Rule{Reply: "250-mail.test\n250-" + strings.ReplaceAll(s.caps, ";", "\n250-") + "\n250 HELP", Obey: true}
	}
	return dialtest.Rule{}
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
