package cost_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
	"github.com/mailconn/mailconn/smtpconn"
)

// lab has a server that answers as simply as it can, and connects to it.
type lab struct {
	addr     string
	dialer   dial.Dialer
	endpoint dial.Endpoint
	served   sync.WaitGroup // sessions that the server has not ended
}

func newLab(t testing.TB, protocol policy.Protocol, pol policy.Policy) *lab {
	t.Helper()
	player := scripttest.New(t)
	secure, err := player.TLS("good")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{addr: listener.Addr().String(), dialer: *player.Dialer(), endpoint: dial.Endpoint{Protocol: protocol, Host: "mail.test", Policy: pol}}
	l.dialer.NetDialer = l
	greeting, answer := map[policy.Protocol]string{policy.IMAP: imapGreeting, policy.Submission: "220 ready\r\n", policy.POP3: "+OK ready\r\n"}[protocol],
		map[policy.Protocol]func(string) string{policy.IMAP: imapAnswer, policy.Submission: smtpAnswer, policy.POP3: pop3Answer}[protocol]
	sockettest.Serve(t, listener, func(conn net.Conn) {
		defer l.served.Done()
		if pol == policy.ImplicitTLS {
			conn = tls.Server(conn, secure)
		}
		echo(conn, greeting, answer)
	})
	return l
}

// DialContext connects to the server, whatever the address.
func (l *lab) DialContext(context.Context, string, string) (net.Conn, error) {
	l.served.Add(1) // here, as Wait may be called before the server has accepted
	return net.Dial("tcp", l.addr)
}

// ours is a session of this library.
func (l *lab) ours(t testing.TB) (c io.Closer) {
	var err error
	switch ctx := context.Background(); l.endpoint.Protocol {
	case policy.IMAP:
		c, err = imapconn.Dial(ctx, l.endpoint, &imapconn.Options{Dialer: &l.dialer, Auth: creds()})
	case policy.POP3:
		c, err = pop3conn.Dial(ctx, l.endpoint, &pop3conn.Options{Dialer: &l.dialer, Auth: creds()})
	default:
		c, err = smtpconn.Dial(ctx, l.endpoint, &smtpconn.Options{Dialer: &l.dialer, Auth: creds()})
	}
	must(t, err)
	return c
}

// bare is a session of the library that is wrapped, over a connection that is made as
// simply as it can be; for POP3 one without any library.
func (l *lab) bare(t testing.TB) io.Closer {
	conn, err := l.DialContext(t.Context(), "", "")
	must(t, err)
	if l.endpoint.Policy == policy.ImplicitTLS {
		config := l.dialer.TLSConfig.Clone()
		config.ServerName = l.endpoint.Host
		if l.endpoint.Protocol != policy.Submission { // which has no name there
			config.NextProtos = []string{l.endpoint.Protocol.String()} // RFC 7301, as imapclient.DialTLS has it
		}
		conn = tls.Client(conn, config)
	}
	switch l.endpoint.Protocol {
	case policy.IMAP:
		c := imapclient.New(conn, nil)
		must(t, c.Authenticate(sasl.NewPlainClient("", "user", "secret")))
		return c
	case policy.POP3:
		barePOP3(t, conn)
		return conn
	}
	c := smtp.NewClient(conn)
	must(t, c.Auth(sasl.NewPlainClient("", "user", "secret")))
	return c
}

// barePOP3 checks nothing: greeting, CAPA, AUTH.
func barePOP3(t testing.TB, conn net.Conn) {
	in := bufio.NewReader(conn)
	line := func() string {
		text, err := in.ReadString('\n')
		must(t, err)
		return text
	}
	line()
	io.WriteString(conn, "CAPA\r\n")
	var caps []string
	for text := ""; text != ".\r\n"; {
		text = line()
		caps = append(caps, strings.TrimSpace(text))
	}
	plain := base64.StdEncoding.EncodeToString([]byte("\x00user\x00secret"))
	fmt.Fprintf(conn, "AUTH PLAIN %s\r\n", plain)
	if len(caps) < 2 || line() != "+OK done\r\n" {
		t.Fatal(caps)
	}
}

// perRun returns what a run allocates: how often, and how many bytes.
func perRun(runs int, f func()) (count, bytes float64) {
	f()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(runs), float64(after.TotalAlloc-before.TotalAlloc) / float64(runs)
}

// TestConnect compares what connecting and logging in allocates with the library that is
// wrapped, over a connection that nothing is checked of.
func TestConnect(t *testing.T) {
	for _, c := range []struct {
		protocol    policy.Protocol
		policy      policy.Policy
		most, bytes float64
	}{
		{policy.IMAP, policy.NoTLS, 25, 4000},
		{policy.IMAP, policy.ImplicitTLS, 40, 4096},
		{policy.Submission, policy.NoTLS, 23, 3100},
		{policy.Submission, policy.ImplicitTLS, 40, 4096},
		{policy.POP3, policy.NoTLS, 28, 300},
		{policy.POP3, policy.ImplicitTLS, 40, 4096},
	} {
		l := newLab(t, c.protocol, c.policy)
		ours, oursBytes := perRun(200, func() { l.ours(t).Close() })
		bare, bareBytes := perRun(200, func() { l.bare(t).Close() })
		l.served.Wait()
		t.Logf("%v %v: %.0f allocations, %.0f bytes; bare %.0f, %.0f; more: %.0f, %.0f", c.protocol, c.policy, ours, oursBytes, bare, bareBytes, ours-bare, oursBytes-bareBytes)
		if ours-bare > c.most || oursBytes-bareBytes > c.bytes {
			t.Errorf("%v %v: more than %.0f allocations or %.0f bytes beyond those of the bare library", c.protocol, c.policy, c.most, c.bytes)
		}
	}
}

func BenchmarkConnect(b *testing.B) {
	for _, protocol := range []policy.Protocol{policy.IMAP, policy.Submission, policy.POP3} {
		for _, pol := range []policy.Policy{policy.NoTLS, policy.ImplicitTLS} {
			l := newLab(b, protocol, pol)
			for name, open := range map[string]func(testing.TB) io.Closer{"ours": l.ours, "bare": l.bare} {
				b.Run(fmt.Sprintf("%v/%v/%s", protocol, pol, name), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						open(b).Close()
					}
				})
			}
		}
	}
}
