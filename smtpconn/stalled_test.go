package smtpconn_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// What a server says in the middle of a content, of which it reads no more, is in the
// error: whether it hangs up then or lets the client's write wait for its time.
func TestWordsInTheMiddleOfContent(t *testing.T) {
	for _, words := range []string{"421 4.3.2 going down", "552 5.3.4 too large"} {
		for _, hangsUp := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				defer server.Close()
				go func() {
					in := bufio.NewReader(server)
					reply := "220 mail.test"
					for {
						io.WriteString(server, reply+"\r\n")
						line, err := in.ReadString('\n')
						if reply = "250 mail.test"; err != nil {
							return
						}
						if line == "DATA\r\n" {
							break
						}
					}
					io.WriteString(server, "354 go\r\n")
					time.Sleep(time.Second) // of the bubble's clock: the client's write waits
					io.WriteString(server, words+"\r\n")
					if hangsUp {
						server.Close()
					}
				}()
				conn, err := new(dial.Dialer).NewConn(t.Context(), client, dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: policy.NoTLS})
				if err != nil {
					t.Fatal(err)
				}
				c, err := smtpconn.New(t.Context(), conn, &smtpconn.Options{ReplyTimeout: 3 * time.Second})
				if err != nil {
					t.Fatal(err)
				}
				_, err = c.Send(t.Context(), envelope(), strings.NewReader(strings.Repeat("0123456789\r\n", 100000)))
				if got := asResult(nil, err).err; got.Outcome != smtpconn.NotSent || got.Phase != smtpconn.PhaseContent || !strings.Contains(err.Error(), words) {
					t.Errorf("%q, hangs up %v: %v", words, hangsUp, err)
				}
				c.Abort()
			})
		}
	}
}
