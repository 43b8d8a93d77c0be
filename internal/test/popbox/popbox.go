// Package popbox is a POP3 server for the tests of programs that fetch mail:
// unlike dialtest's it lets a test choose the identifiers, the same for several
// messages too, and watch every command.
package popbox

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
)

// Message is a message, lines ending in CRLF.
type Message struct{ ID, Text string }

// Server serves a mailbox in the clear, whatever the login is, with PIPELINING, to one
// session after the other.
type Server struct {
	// Hook, if set before the first connection, is told of each command. What it
	// returns, if not "", is the reply. The word COMMIT at its beginning deletes what
	// is marked, and behind the word CLOSE in it the server hangs up.
	Hook func(command string) string

	listener net.Listener
	done     sync.WaitGroup

	lock     sync.Mutex // of the mailbox, held by a session (RFC 1939 §4)
	mu       sync.Mutex
	messages []Message
}

// New begins to serve on a port of the loopback interface.
func New(messages ...Message) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{listener: l, messages: messages}
	s.done.Go(s.accept)
	return s, nil
}

// Addr returns host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Messages returns what is in the mailbox.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Add delivers messages; sessions that are open do not see them.
func (s *Server) Add(messages ...Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, messages...)
}

// Close stops listening and waits for the sessions to end.
func (s *Server) Close() {
	s.listener.Close()
	s.done.Wait()
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.done.Go(func() { s.Serve(conn) })
	}
}

// Serve serves one session on conn.
func (s *Server) Serve(conn net.Conn) {
	defer conn.Close()
	s.lock.Lock()
	defer s.lock.Unlock()
	b := &session{Server: s, messages: s.Messages(), w: bufio.NewWriter(conn), gone: map[int]bool{}}
	r := bufio.NewReader(conn)
	b.say("+OK")
	for !b.over {
		if r.Buffered() == 0 && b.w.Flush() != nil {
			return
		}
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		b.handle(strings.TrimSuffix(line, "\r\n"))
	}
	b.w.Flush()
}

type session struct {
	*Server
	messages []Message
	w        *bufio.Writer
	gone     map[int]bool // by number
	over     bool
}

func (b *session) say(lines ...string) {
	for _, line := range lines {
		b.w.WriteString(line + "\r\n")
	}
}

func (b *session) handle(line string) {
	if b.Hook != nil {
		if reply := b.Hook(line); reply != "" {
			reply, commits := strings.CutPrefix(reply, "COMMIT")
			if commits {
				b.commit()
			}
			reply, _, b.over = strings.Cut(reply, "CLOSE")
			b.w.WriteString(reply)
			return
		}
	}
	var n int
	verb, rest, _ := strings.Cut(line, " ")
	fmt.Sscan(rest, &n)
	switch verb {
	case "CAPA":
		b.say("+OK", "USER", "UIDL", "TOP", "PIPELINING", ".")
	case "LIST", "UIDL":
		b.list(verb)
	case "RETR", "DELE":
		b.one(verb, n)
	case "QUIT":
		b.commit()
		b.say("+OK")
	default: // USER, PASS, NOOP
		b.say("+OK")
	}
}

func (b *session) list(verb string) {
	b.say("+OK")
	for i, l := range b.messages {
		if what := any(l.ID); !b.gone[i+1] {
			if verb == "LIST" {
				what = len(l.Text)
			}
			b.say(fmt.Sprint(i+1, " ", what))
		}
	}
	b.say(".")
}

func (b *session) one(verb string, n int) {
	switch {
	case n < 1 || n > len(b.messages) || b.gone[n]:
		b.say("-ERR no such message")
	case verb == "DELE":
		b.gone[n] = true
		b.say("+OK")
	default:
		text := strings.ReplaceAll("\r\n"+b.messages[n-1].Text, "\r\n.", "\r\n..")
		b.w.WriteString("+OK" + text + ".\r\n")
	}
}

// commit deletes what was marked (RFC 1939 §6). Messages that came since are
// behind those of the session.
func (b *session) commit() {
	b.over = true
	b.mu.Lock()
	defer b.mu.Unlock()
	var left []Message
	for i, l := range b.Server.messages {
		if !b.gone[i+1] {
			left = append(left, l)
		}
	}
	b.Server.messages = left
}
