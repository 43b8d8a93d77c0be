package imapconn_test

import (
	"bufio"
	"fmt"
	"net"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// lastWords is a connection on which something still comes when it is closed.
type lastWords struct {
	net.Conn
	words string
}

func (c *lastWords) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && c.words != "" {
		n, err = copy(p, c.words), nil
		c.words = ""
	}
	return n, err
}

// An answer that comes while the loop looks at how the session has ended is none: the race
// detector watches.
func TestAnAnswerAtTheEnd(t *testing.T) {
	for range 50 {
		client, server := net.Pipe()
		asked := make(chan struct{})
		go func() {
			fmt.Fprint(server, "* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n")
			nextCommand(bufio.NewReader(server))
			close(asked)
		}()
		e := dial.Endpoint{Protocol: policy.IMAP, Host: "127.0.0.1", Port: 143, Policy: policy.NoTLS}
		conn, err := new(dial.Dialer).NewConn(t.Context(), &lastWords{client, "M1 NO late\r\n"}, e)
		if err != nil {
			t.Fatal(err)
		}
		c, err := imapconn.New(t.Context(), conn, nil)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			<-asked
			c.Abort()
		}()
		var last error
		for _, last = range c.FetchEach(t.Context(), imap.UIDSetNum(1), &imapconn.FetchOptions{NoBody: true}) {
		}
		if last == nil {
			t.Error("no error")
		}
		server.Close()
	}
}
