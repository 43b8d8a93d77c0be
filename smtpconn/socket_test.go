//go:build unix

package smtpconn_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// sockets makes sessions with relays over sockets, where what has arrived is looked at
// and nothing reads ahead; inside TLS if it has a certificate.
type sockets struct {
	client, server *tls.Config

	raw net.Conn // the client's end of the last session
}

func newSockets(t *testing.T, inTLS bool) *sockets {
	t.Helper()
	if !inTLS {
		return &sockets{}
	}
	client, server := certified(t)
	return &sockets{client: client, server: server}
}

// dial begins a session with r. What arms a fault counts bytes inside TLS.
func (s *sockets) dial(t *testing.T, r *relay, o *smtpconn.Options) (c *smtpconn.Client, hangUp func()) {
	t.Helper()
	raw, server := sockettest.Pair(t, "tcp")
	s.raw = raw
	pol := policy.NoTLS
	if s.server != nil {
		server, pol = tls.Server(server, s.server), policy.ImplicitTLS
	}
	return r.session(t, raw, server, &dial.Dialer{TLSConfig: s.client}, pol, o)
}

// Over sockets, in the clear and inside TLS, a server may stop hearing or speaking at
// any byte, and no outcome is another than what it did.
func TestFaultMatrixSockets(t *testing.T) {
	for _, inTLS := range []bool{false, true} {
		s := newSockets(t, inTLS)
		for _, d := range dialogues {
			said, answered, commands := d.healthy(t)
			count, n := map[string]int{}, 0
			play := func(r *relay, about string) {
				n++
				r.extensions = d.extensions
				c, hangUp := s.dial(t, r, &d.options)
				if r.fault != nil {
					r.fault.arm()
				}
				list := d.messages()
				got := results(c.SendEach(t.Context(), slices.Values(list)))
				hangUp()
				d.audit(t, r, about, list, got, count)
			}
			for i := 0; i < said; i += 3 {
				play(&relay{fault: &fault{reads: i, writes: -1}}, fmt.Sprint("what it hears ends at byte ", i))
			}
			for i := 0; i < answered; i += 3 {
				play(&relay{fault: &fault{reads: -1, writes: i}}, fmt.Sprint("what it says ends at byte ", i))
			}
			for i := range commands {
				for _, reply := range []string{"421 4.3.2 going", "451 4.3.0 later", "299 what", "250"} {
					play(&relay{answer: func(k int, _, usual string) string {
						if k == i {
							return reply
						}
						return usual
					}}, fmt.Sprintf("command %d: %s", i, reply))
				}
			}
			t.Logf("TLS %v, %s: %d runs: %v", inTLS, d.name, n, count)
		}
	}
}

// Over sockets a reply that is there before its command is found as well, though
// nothing reads ahead: between messages, and behind one in a record of its own.
func TestEarlyReplySockets(t *testing.T) {
	for _, inTLS := range []bool{false, true} {
		s := newSockets(t, inTLS)
		for _, extensions := range [][]string{all, nil} {
			r := with(extensions...)
			c, hangUp := s.dial(t, r, nil)
			if _, err := c.Send(t.Context(), envelope(), strings.NewReader(note)); err != nil {
				t.Fatal(err)
			}
			if c.Check() != nil {
				t.Error(c.Check())
			}
			io.WriteString(r.conn, "250 2.0.0 ok\r\n")
			sockettest.AwaitArrival(t, s.raw)
			if c.Check() == nil {
				t.Errorf("TLS %v: not found", inTLS)
			}
			said := r.wire()
			_, err := c.Send(t.Context(), envelope(), strings.NewReader(note))
			if got := asResult(nil, err).err; got.Outcome != smtpconn.NotSent || r.wire() != said {
				t.Errorf("TLS %v: %v", inTLS, err)
			}
			hangUp()
		}
	}
}

// Five thousand recipients and their replies pass a socket, whatever its buffers hold.
func TestManyRecipientsSockets(t *testing.T) {
	for _, inTLS := range []bool{false, true} {
		r := with(all...)
		c, hangUp := newSockets(t, inTLS).dial(t, r, nil)
		e := envelope(recipients(5000)...)
		e.Partial = true
		for range 2 {
			got, err := c.Send(t.Context(), e, strings.NewReader(note))
			if err != nil || len(got.Accepted) != len(e.To) {
				t.Fatal(err)
			}
		}
		hangUp()
	}
}

// A session over a socket has no goroutine, nor have its messages left one.
func TestNoGoroutineSockets(t *testing.T) {
	s := newSockets(t, true)
	before := runtime.NumGoroutine()
	var clients []*smtpconn.Client
	for range 10 {
		c, hangUp := s.dial(t, with(all...), nil)
		defer hangUp()
		if _, err := c.Send(t.Context(), envelope(), strings.NewReader(note)); err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	more := func() int { return runtime.NumGoroutine() - before - len(clients) } // beside the servers
	for n := 0; more() > 0 && n < 1_000_000; n++ {
		runtime.Gosched() // one that is about to end may do so
	}
	if n := more(); n > 0 {
		t.Errorf("%d goroutines more than sessions", n)
	}
}
