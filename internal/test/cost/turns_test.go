package cost_test

import (
	"net"
	"testing"

	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// turns is a connection that counts round trips: each time the server is heard
// after something was said, and the greeting.
type turns struct {
	net.Conn
	n    int
	said bool
}

func (c *turns) Write(p []byte) (int, error) {
	c.said = true
	return c.Conn.Write(p)
}

func (c *turns) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && (c.said || c.n == 0) {
		c.n++
		c.said = false
	}
	return n, err
}

// Round trips from dial to authenticated with PLAIN, TCP's own included:
// connection, greeting, and one each for EHLO or CAPA, the upgrade, the
// handshake, what must be asked again after it, and AUTH.
func TestRoundTrips(t *testing.T) {
	const tcp = 1
	player := scripttest.New(t)
	for _, c := range []struct {
		p                         policy.Protocol
		clear, implicit, starttls int
	}{
		{policy.Submission, 4, 5, 7},
		{policy.POP3, 4, 5, 6},
		{policy.IMAP, 3, 4, 6},
	} {
		got := map[policy.Policy]int{}
		for _, pol := range []policy.Policy{policy.NoTLS, policy.ImplicitTLS, policy.RequiredSTARTTLS} {
			lines := ""
			if pol == policy.NoTLS {
				lines = clear[c.p]
			}
			server := player.Play(t, c.p, pol, lines)
			counted := &turns{Conn: server.Client}
			s, err := connect(t.Context(), player, counted, server.Endpoint)
			if err != nil {
				t.Fatal(err)
			}
			got[pol] = tcp + counted.n
			s.Close()
			server.Record()
		}
		t.Logf("%-10v clear %d, implicit %d, STARTTLS %d", c.p, got[policy.NoTLS], got[policy.ImplicitTLS], got[policy.RequiredSTARTTLS])
		if got[policy.NoTLS] != c.clear || got[policy.ImplicitTLS] != c.implicit || got[policy.RequiredSTARTTLS] != c.starttls {
			t.Errorf("%v: want %d, %d, %d", c.p, c.clear, c.implicit, c.starttls)
		}
	}
}
