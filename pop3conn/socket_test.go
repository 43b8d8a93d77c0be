//go:build unix

package pop3conn_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// corked is a connection that can hold back what is written, to send it as one.
type corked struct {
	net.Conn
	corked bool
	held   []byte
}

func (c *corked) Write(p []byte) (int, error) {
	if !c.corked {
		return c.Conn.Write(p)
	}
	c.held = append(c.held, p...)
	return len(p), nil
}

func (c *corked) uncork() {
	c.Conn.Write(c.held)
	c.corked = false
}

// TestStrayOverSocket: a reply too many is found on a socket and inside TLS: in a
// segment of its own, and in one with the reply before it, in a record of its own.
func TestStrayOverSocket(t *testing.T) {
	player := scripttest.New(t)
	for _, pol := range []policy.Policy{policy.NoTLS, policy.ImplicitTLS} {
		for _, late := range []bool{false, true} {
			raw, answered, sent := straySocket(t, player, pol, late)
			conn, err := player.Dialer().NewConn(ctx, raw, dial.Endpoint{Protocol: policy.POP3, Host: "mail.test", Policy: pol})
			if err != nil {
				t.Fatal(err)
			}
			c, err := pop3conn.New(ctx, conn, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := noop(c); err != nil {
				t.Fatal(err)
			}
			if close(answered); late {
				sockettest.AwaitArrival(t, raw)
			}
			if err := c.Rset(ctx); !errors.Is(err, policy.ErrInjected) {
				t.Errorf("%v, late %v: %v", pol, late, err)
			}
			if rest := <-sent; rest != "" {
				t.Errorf("%v, late %v: the client sent %q", pol, late, rest)
			}
		}
	}
}

// straySocket returns a connection to a server that says one thing too many after its
// answer to NOOP: with it, or late, once the client has read the answer.
func straySocket(t *testing.T, player *scripttest.Player, pol policy.Policy, late bool) (net.Conn, chan struct{}, chan string) {
	t.Helper()
	secure, err := player.TLS("good")
	if err != nil {
		t.Fatal(err)
	}
	client, server := sockettest.Pair(t, "tcp")
	answered, sent := make(chan struct{}), make(chan string, 1)
	go func() {
		cork := &corked{Conn: server}
		conn := net.Conn(cork)
		if pol == policy.ImplicitTLS {
			conn = tls.Server(cork, secure)
		}
		defer conn.Close()
		io.WriteString(conn, "+OK\r\n")
		bytewise(conn) // CAPA
		io.WriteString(conn, "-ERR\r\n")
		bytewise(conn) // NOOP
		cork.corked = !late
		io.WriteString(conn, "+OK\r\n")
		if late {
			<-answered
		}
		io.WriteString(conn, "+OK stray\r\n")
		cork.uncork()
		rest, _ := io.ReadAll(conn)
		sent <- string(rest)
	}()
	return client, answered, sent
}
