package imapconn_test

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// recorder is a server that keeps what it was sent, and answers each command by answer,
// to which a tagged OK is added if it has no tagged line.
type recorder struct {
	answer func(command string) string
	mu     sync.Mutex
	said   []string // the commands, without tags, with their literals
}

// serve answers the commands of a connection.
func (s *recorder) serve(conn net.Conn, caps string) {
	defer conn.Close()
	io.WriteString(conn, "* PREAUTH [CAPABILITY IMAP4rev1 "+caps+"] ready\r\n")
	for r := bufio.NewReader(conn); ; {
		command, err := readCommand(r, conn)
		if err != nil {
			return
		}
		tag, rest, _ := strings.Cut(command, " ")
		s.mu.Lock()
		s.said = append(s.said, strings.TrimSuffix(rest, "\r\n"))
		s.mu.Unlock()
		answer := tag + " OK done\r\n"
		if s.answer != nil {
			if said := s.answer(rest); strings.Contains(said, "TAG ") {
				answer = strings.ReplaceAll(said, "TAG ", tag+" ")
			} else {
				answer = said + answer
			}
		}
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

// readCommand reads a command with its literals, for which it gives its consent to w.
func readCommand(r *bufio.Reader, w io.Writer) (string, error) {
	var command strings.Builder
	for {
		line, err := r.ReadString('\n')
		command.WriteString(line)
		open := strings.LastIndexByte(line, '{')
		digits, isLiteral := strings.CutSuffix(line[max(0, open):], "}\r\n")
		if err != nil || open < 0 || !isLiteral {
			return command.String(), err
		}
		n, err := strconv.Atoi(strings.Trim(digits, "{+"))
		if err != nil {
			return command.String(), nil
		}
		if !strings.HasSuffix(digits, "+") {
			io.WriteString(w, "+ go on\r\n")
		}
		content := make([]byte, n)
		if _, err := io.ReadFull(r, content); err != nil {
			return "", err
		}
		command.Write(content)
	}
}

// session returns a session with the server.
func (s *recorder) session(t testing.TB, caps string, o *imapconn.Options) *imapconn.Client {
	t.Helper()
	client, server := net.Pipe()
	go s.serve(server, caps)
	return over(t, client, o)
}

// over returns a session over a connection, which begins with PREAUTH.
func over(t testing.TB, client net.Conn, o *imapconn.Options) *imapconn.Client {
	t.Helper()
	conn, err := new(dial.Dialer).NewConn(t.Context(), client, dial.Endpoint{Protocol: policy.IMAP, Host: "127.0.0.1", Port: 143, Policy: policy.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapconn.New(t.Context(), conn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// take returns what was said since the last time.
func (s *recorder) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	said := s.said
	s.said = nil
	return said
}
