package imapconn_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// piped returns a session with a server that serves the other end of a pipe, after the
// greeting.
func piped(t *testing.T, caps string, o *imapconn.Options, serve func(r *bufio.Reader, w net.Conn)) *imapconn.Client {
	t.Helper()
	client, server := net.Pipe()
	go func() {
		io.WriteString(server, "* PREAUTH [CAPABILITY IMAP4rev1 "+caps+"] ready\r\n")
		serve(bufio.NewReader(server), server)
	}()
	e := dial.Endpoint{Protocol: policy.IMAP, Host: "127.0.0.1", Port: 143, Policy: policy.NoTLS}
	conn, err := new(dial.Dialer).NewConn(t.Context(), client, e)
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapconn.New(t.Context(), conn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Abort() })
	return c
}

// nextCommand reads a line; it returns nothing if there is none.
func nextCommand(r *bufio.Reader) (tag, command string) {
	line, _ := r.ReadString('\n')
	tag, command, _ = strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	return tag, command
}
