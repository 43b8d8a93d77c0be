package imapconn_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/imapconn"
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
	c := over(t, client, o)
	t.Cleanup(func() { c.Abort() })
	return c
}

// nextCommand reads a line; it returns nothing if there is none.
func nextCommand(r *bufio.Reader) (tag, command string) {
	line, _ := r.ReadString('\n')
	tag, command, _ = strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	return tag, command
}
