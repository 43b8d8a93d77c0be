package imapconn_test

import (
	"bufio"
	"fmt"
	"net"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
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
		c := over(t, &lastWords{client, "M1 NO late\r\n"}, nil)
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
