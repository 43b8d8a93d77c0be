package pop3conn_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// ctx is the context of calls that are not to be cut off.
var ctx = context.Background()

// canary is a password that must not be found where it does not belong.
const canary = "canary-password"

func password() auth.Password {
	return auth.Password{User: "user", Secret: auth.NewSecret(canary)}
}

// cleartext is password for connections without TLS.
func cleartext() auth.Password { return sessions.InClear(password()).(auth.Password) }

// clear is an endpoint without TLS: what the tests bring connections for.
func clear() dial.Endpoint {
	return dial.Endpoint{Protocol: policy.POP3, Host: "localhost", Policy: policy.NoTLS}
}

// begin makes a session on a connection in the clear.
func begin(conn net.Conn, o *pop3conn.Options) (*pop3conn.Client, error) {
	c, err := new(dial.Dialer).NewConn(context.Background(), conn, clear())
	if err != nil {
		return nil, err
	}
	return pop3conn.New(context.Background(), c, o)
}

// mustBegin is begin without a login, where nothing goes wrong.
func mustBegin(t testing.TB, conn net.Conn) *pop3conn.Client {
	t.Helper()
	c, err := begin(conn, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// play returns a connection to a server that plays a script: "S: line" is said,
// "C: line" must be heard, "ANY" is any line that is heard, "R: bytes" is said as it
// is, "CLOSE" hangs up. Behind
// the script's end the client must hang up and may not say anything more.
func play(t testing.TB, script ...string) net.Conn {
	client, server := net.Pipe()
	result := make(chan error, 1)
	go func() {
		defer server.Close()
		result <- run(server, script)
	}()
	t.Cleanup(func() {
		client.Close()
		if err := <-result; err != nil {
			t.Errorf("server: %v", err)
		}
	})
	return client
}

func run(conn net.Conn, script []string) error {
	br := bufio.NewReader(conn)
	for _, step := range script {
		what, text, _ := strings.Cut(step, ": ")
		switch what {
		case "S":
			io.WriteString(conn, text+"\r\n")
		case "R":
			io.WriteString(conn, text)
		case "CLOSE":
			return nil
		case "ANY":
			br.ReadString('\n')
		default:
			line, err := br.ReadString('\n')
			if line != text+"\r\n" {
				return fmt.Errorf("heard %q (%v), want %q", line, err, text)
			}
		}
	}
	if rest, _ := io.ReadAll(br); len(rest) > 0 {
		return fmt.Errorf("heard %q behind the end of the script", rest)
	}
	return nil
}

// hello is the beginning of a script: a server with capabilities.
func hello(caps ...string) []string {
	script := []string{"S: +OK ready", "C: CAPA", "S: +OK"}
	for _, c := range caps {
		script = append(script, "S: "+c)
	}
	return append(script, "S: .")
}

// old is the beginning of a script: a server that knows no CAPA.
func old() []string { return []string{"S: +OK ready", "C: CAPA", "S: -ERR what"} }

// noop and quit are commands with a context that does not end.
func noop(c *pop3conn.Client) error { return c.Noop(ctx) }
func quit(c *pop3conn.Client) error { return c.Quit(ctx) }

func with(script []string, more ...string) []string { return append(script, more...) }

// canned is a connection in memory on which each write releases one reply, to
// be read in segments of at most seg bytes (0: as large as they come). Where
// nothing is left it ends.
type canned struct {
	replies []string
	seg     int
	ready   string
	closed  bool
}

// answering returns a connection that is greeted, knows no CAPA, and then gives
// these replies.
func answering(seg int, replies ...string) *canned {
	return &canned{ready: "+OK ready\r\n", replies: append([]string{"-ERR\r\n"}, replies...), seg: seg}
}

func (c *canned) Read(p []byte) (int, error) {
	switch {
	case c.closed:
		return 0, net.ErrClosed
	case c.ready == "":
		return 0, io.EOF
	}
	if c.seg > 0 {
		p = p[:min(len(p), c.seg)]
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

// ReadNow finds nothing as long as a write has to come first.
func (c *canned) ReadNow(p []byte) (int, error) {
	if c.ready == "" && !c.closed && len(c.replies) > 0 {
		return 0, os.ErrDeadlineExceeded
	}
	return c.Read(p)
}

func (c *canned) Write(p []byte) (int, error) {
	if c.closed {
		return 0, net.ErrClosed
	}
	if len(c.replies) > 0 {
		c.ready += c.replies[0]
		c.replies = c.replies[1:]
	}
	return len(p), nil
}

func (c *canned) Close() error {
	c.closed = true
	return nil
}

func (c *canned) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (c *canned) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (c *canned) SetDeadline(time.Time) error      { return nil }
func (c *canned) SetReadDeadline(time.Time) error  { return nil }
func (c *canned) SetWriteDeadline(time.Time) error { return nil }
