package imapconn_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/imapconn"
)

// appendServer is a server that takes messages, and says of them what a test wants.
type appendServer struct {
	caps string
	// announced returns what the server says to the n-th announcement of a literal that
	// waits for its consent. "" stands for the consent.
	announced func(n int) string
	// answered returns what the server says of the contents of a command. "" stands for OK,
	// which is said when they are stored. A text with " OK" says that they are stored as well.
	answered func(contents []string) string

	// withheld is for how many commands the answers are kept back, and said together.
	withheld int

	kept          string
	announcements int
	stored        []string
	commands      int // APPEND
}

// serve greets, and answers commands until the connection ends.
func (s *appendServer) serve(conn net.Conn) error {
	defer conn.Close()
	r := bufio.NewReader(conn)
	_, err := io.WriteString(conn, "* PREAUTH [CAPABILITY IMAP4rev1 "+s.caps+"] ready\r\n")
	for err == nil {
		err = s.command(r, conn)
	}
	return err
}

// command reads a command and answers it.
func (s *appendServer) command(r *bufio.Reader, w io.Writer) error {
	line, err := r.ReadString('\n')
	tag, rest, _ := strings.Cut(line, " ")
	var contents []string
	for err == nil && strings.HasSuffix(line, "}\r\n") {
		digits := strings.TrimSuffix(line[strings.LastIndexByte(line, '{')+1:], "}\r\n")
		if !strings.HasSuffix(digits, "+") {
			said := "+ go on\r\n"
			if s.announced != nil {
				if no := s.announced(s.announcements); no != "" {
					said = strings.ReplaceAll(no, "TAG", tag)
				}
			}
			s.announcements++
			if _, err := io.WriteString(w, said); err != nil || said[0] != '+' {
				return err
			}
		}
		n, _ := strconv.Atoi(strings.TrimSuffix(digits, "+"))
		content := make([]byte, n)
		if _, err = io.ReadFull(r, content); err == nil {
			contents = append(contents, string(content))
			line, err = r.ReadString('\n')
		}
	}
	if err != nil {
		return err
	}
	s.kept += s.answer(tag, rest, contents)
	if s.withheld > 0 && s.commands%s.withheld != 0 {
		return nil
	}
	said := s.kept
	s.kept = ""
	_, err = io.WriteString(w, said)
	return err
}

// answer returns the answer to a command, which is carried out.
func (s *appendServer) answer(tag, rest string, contents []string) string {
	if !strings.HasPrefix(rest, "APPEND ") {
		return tag + " OK done\r\n"
	}
	s.commands++
	said := ""
	if s.answered != nil {
		said = s.answered(contents)
	}
	if said == "" || strings.Contains(said, " OK") {
		s.stored = append(s.stored, contents...)
	}
	if said == "" {
		return fmt.Sprintf("%s OK [APPENDUID 9 %d:%d] done\r\n", tag, len(s.stored)-len(contents)+1, len(s.stored))
	}
	return strings.ReplaceAll(said, "TAG", tag)
}

// session returns a session with the server, in a bubble, and a function that ends both.
// wrap is given the server's end of the connection.
func (s *appendServer) session(t *testing.T, o *imapconn.Options, wrap func(net.Conn) net.Conn) (*imapconn.Client, func()) {
	t.Helper()
	client, server := net.Pipe()
	if wrap != nil {
		server = wrap(server)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.serve(server)
	}()
	c := over(t, client, o)
	return c, func() {
		c.Close()
		<-ended
	}
}

// tripwire is a connection on which something happens when so many bytes have passed, in
// both directions together.
type tripwire struct {
	net.Conn
	left int
	trip func(net.Conn)
}

func (c *tripwire) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:c.passes(len(p))])
	c.left -= n
	return n, err
}

func (c *tripwire) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = c.Conn.Write(p[n : n+c.passes(len(p)-n)])
		c.left -= m
		n += m
	}
	return n, err
}

// passes returns how many of n bytes may pass before something is to happen.
func (c *tripwire) passes(n int) int {
	if c.left == 0 && c.trip != nil {
		c.trip(c.Conn)
		c.trip = nil
	}
	if c.trip == nil {
		return n
	}
	return min(n, c.left)
}
