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

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

func pop3Answer(line string) string {
	if line == "CAPA\r\n" {
		return "+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\nRESP-CODES\r\nSASL PLAIN LOGIN\r\n.\r\n"
	}
	if strings.HasPrefix(line, "RETR") {
		return "+OK\r\n" + strings.Repeat("a line of a message\r\n", 1000) + ".\r\n"
	}
	return "+OK done\r\n"
}

// pop3Lab connects to a POP3 server that answers as simply as it can.
type pop3Lab struct {
	listener net.Listener
	dialer   *dial.Dialer
	policy   policy.Policy
	served   sync.WaitGroup // sessions that the server has not ended
}

func newPOP3Lab(t testing.TB, pol policy.Policy) *pop3Lab {
	t.Helper()
	player := scripttest.New(t)
	secure, err := player.TLS("good")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	lab := &pop3Lab{listener: l, dialer: player.Dialer(), policy: pol}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if pol == policy.ImplicitTLS {
				conn = tls.Server(conn, secure)
			}
			go func() {
				defer lab.served.Done()
				echo(conn, "+OK ready\r\n", pop3Answer)
			}()
		}
	}()
	return lab
}

func (l *pop3Lab) connect(t testing.TB) net.Conn {
	l.served.Add(1) // here, as Wait may be called before the server has accepted
	conn, err := net.Dial("tcp", l.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// ours is a session of this library.
func (l *pop3Lab) ours(t testing.TB) io.Closer {
	e := dial.Endpoint{Protocol: policy.POP3, Host: "mail.test", Policy: l.policy}
	conn, err := l.dialer.NewConn(context.Background(), l.connect(t), e)
	if err != nil {
		t.Fatal(err)
	}
	creds := auth.Password{User: "user", Secret: auth.NewSecret("secret"), InsecureCleartext: true}
	c, err := pop3conn.New(context.Background(), conn, &pop3conn.Options{Auth: creds})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// bare is a client without any library, which checks nothing: greeting, CAPA, AUTH.
func (l *pop3Lab) bare(t testing.TB) io.Closer {
	conn := l.connect(t)
	if l.policy == policy.ImplicitTLS {
		config := l.dialer.TLSConfig.Clone()
		config.ServerName = "mail.test"
		conn = tls.Client(conn, config)
	}
	in := bufio.NewReader(conn)
	line := func() string {
		text, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
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
	return conn
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

// TestConnectPOP3 compares what connecting and logging in allocates with a client that
// checks nothing.
func TestConnectPOP3(t *testing.T) {
	for pol, most := range map[policy.Policy][2]float64{policy.NoTLS: {90, 5500}, policy.ImplicitTLS: {130, 9500}} {
		lab := newPOP3Lab(t, pol)
		ours, ourBytes := perRun(200, func() { lab.ours(t).Close() })
		bare, bareBytes := perRun(200, func() { lab.bare(t).Close() })
		t.Logf("%v: %.0f allocations, %.0f bytes; bare %.0f, %.0f; more: %.0f, %.0f", pol, ours, ourBytes, bare, bareBytes, ours-bare, ourBytes-bareBytes)
		if ours-bare > most[0] || ourBytes-bareBytes > most[1] {
			t.Errorf("%v: more than %.0f allocations or %.0f bytes beyond those of a bare client", pol, most[0], most[1])
		}
	}
}

// TestIdlePOP3 compares what an idle session holds, also after it has fetched a message
// in a loop, with a bare client.
func TestIdlePOP3(t *testing.T) {
	const sessions, most = 100, 4 << 10
	lab := newPOP3Lab(t, policy.NoTLS)
	held := func(open func() io.Closer) float64 {
		var before, after runtime.MemStats
		var all []io.Closer
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range sessions {
			all = append(all, open())
		}
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		for _, c := range all {
			c.Close()
		}
		lab.served.Wait()
		return (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / sessions
	}
	bare := held(func() io.Closer { return lab.bare(t) })
	fresh := held(func() io.Closer { return lab.ours(t) })
	used := held(func() io.Closer {
		c := lab.ours(t)
		for m, err := range c.(*pop3conn.Client).RetrEach(context.Background(), []pop3conn.Listing{{Msg: 1}}) {
			if err == nil {
				_, err = io.Copy(io.Discard, m)
			}
			must(t, err)
		}
		return c
	})
	t.Logf("bytes of an idle session: bare %.0f, ours %.0f, after a loop %.0f", bare, fresh, used)
	if max(fresh, used) > bare+most {
		t.Errorf("an idle session holds more than %d bytes beyond those of a bare client", most)
	}
}
