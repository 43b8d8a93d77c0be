//go:build unix

package wire_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// pairs returns the ends of a connection over TCP, and of one over a Unix socket.
func pairs(t *testing.T) map[string][2]net.Conn {
	t.Helper()
	ends := map[string][2]net.Conn{}
	for _, network := range []string{"tcp", "unix"} {
		client, server := sockettest.Pair(t, network)
		t.Cleanup(func() { client.Close(); server.Close() })
		ends[network] = [2]net.Conn{client, server}
	}
	return ends
}

// What has arrived on a socket is read at once, and a socket with nothing is not
// waited for, whatever its deadline.
func TestNowSocket(t *testing.T) {
	for network, ends := range pairs(t) {
		client, server := ends[0], ends[1]
		var now wire.Now
		p := make([]byte, 10)
		if n, err := now.Read(client, p); !isNothing(n, err) {
			t.Errorf("%s: %q, %v", network, p[:n], err)
		}
		client.SetReadDeadline(time.Unix(1, 0)) // as one of an earlier reply
		for _, text := range []string{"a", "bc"} {
			io.WriteString(server, text)
			client.SetReadDeadline(time.Time{})
			sockettest.AwaitArrival(t, client)
			client.SetReadDeadline(time.Unix(1, 0))
			if n, err := now.Read(client, p); string(p[:n]) != text || err != nil {
				t.Errorf("%s: %q, %v", network, p[:n], err)
			}
		}
		client.SetReadDeadline(time.Time{})
		if n, err := now.Read(client, p); !isNothing(n, err) {
			t.Errorf("%s: %q, %v", network, p[:n], err)
		}
		io.WriteString(server, "d") // what arrives later is read as ever
		if n, err := client.Read(p); string(p[:n]) != "d" || err != nil {
			t.Errorf("%s: %q, %v", network, p[:n], err)
		}
		server.Close()
		sockettest.AwaitArrival(t, client)
		if n, err := now.Read(client, p); n != 0 || err != io.EOF {
			t.Errorf("%s: the end: %d, %v", network, n, err)
		}
		client.Close()
		if _, err := now.Read(client, p); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: closed: %v", network, err)
		}
	}
}

// A read of what has arrived costs no memory.
func TestNowDoesNotAllocate(t *testing.T) {
	for network, ends := range pairs(t) {
		var now wire.Now
		p := make([]byte, 10)
		if n := testing.AllocsPerRun(100, func() { now.Read(ends[0], p) }); n > 0 {
			t.Errorf("%s: %v allocations", network, n)
		}
	}
}

// Of a connection that is no socket nothing can be told.
func TestNowUnsupported(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	type wrapped struct{ *net.TCPConn } // its own Read may have a buffer
	for _, c := range []net.Conn{client, wrapped{}, tls.Client(client, nil)} {
		if _, err := new(wire.Now).Read(c, make([]byte, 1)); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%T: %v", c, err)
		}
	}
}

// dam holds back what is written, once it is closed.
type dam struct {
	net.Conn
	mu     sync.Mutex
	closed bool
	held   []byte
}

func (d *dam) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		return d.Conn.Write(p)
	}
	d.held = append(d.held, p...)
	return len(p), nil
}

// SetWriteDeadline does nothing: crypto/tls lets no write follow its close_notify.
func (d *dam) SetWriteDeadline(time.Time) error { return nil }

// release lets n bytes through, or all.
func (d *dam) release(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n = min(n, len(d.held))
	d.Conn.Write(d.held[:n])
	d.held = d.held[n:]
}

func certificate(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secure begins TLS over a connection, and holds back what the server writes from
// then on.
func secure(t *testing.T, client, server net.Conn, tickets bool) (*tls.Conn, *tls.Conn, *dam) {
	t.Helper()
	d := &dam{Conn: server}
	s := tls.Server(d, &tls.Config{Certificates: []tls.Certificate{certificate(t)}, SessionTicketsDisabled: !tickets})
	done := make(chan error, 1)
	go func() { done <- s.Handshake() }()
	c := tls.Client(wire.NewFirstByte(client, policy.ErrNotTLS), &tls.Config{InsecureSkipVerify: true, ServerName: "mail.test", ClientSessionCache: tls.NewLRUClientSessionCache(1)})
	if err := errors.Join(c.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	d.closed = true
	return c, s, d
}

// Inside TLS a record has arrived when all of it has; session tickets are nothing;
// and a record that came with the one before it, and is in TLS's own buffer, is found.
func TestNowTLS(t *testing.T) {
	ends := pairs(t)["tcp"]
	c, s, d := secure(t, ends[0], ends[1], true)
	var now wire.Now
	p := make([]byte, 100)
	sockettest.AwaitArrival(t, ends[0]) // the session ticket
	if n, err := now.Read(c, p); !isNothing(n, err) {
		t.Errorf("the ticket: %q, %v", p[:n], err)
	}
	io.WriteString(s, "whole record")
	d.release(7)
	sockettest.AwaitArrival(t, ends[0])
	for range 2 {
		if n, err := now.Read(c, p); !isNothing(n, err) {
			t.Errorf("a part: %q, %v", p[:n], err)
		}
	}
	d.release(1 << 20)
	sockettest.AwaitArrival(t, ends[0])
	if n, err := now.Read(c, p); string(p[:n]) != "whole record" || err != nil {
		t.Errorf("%q, %v", p[:n], err)
	}

	io.WriteString(s, "one")
	io.WriteString(s, "two")
	d.release(1 << 20)
	sockettest.AwaitArrival(t, ends[0])
	if n, err := c.Read(p); string(p[:n]) != "one" || err != nil {
		t.Errorf("%q, %v", p[:n], err)
	}
	if n, err := now.Read(c, p); string(p[:n]) != "two" || err != nil {
		t.Errorf("behind another record: %q, %v", p[:n], err)
	}

	io.WriteString(s, "later")
	d.release(9)
	sockettest.AwaitArrival(t, ends[0])
	if n, err := now.Read(c, p); !isNothing(n, err) {
		t.Errorf("a part: %q, %v", p[:n], err)
	}
	done := make(chan struct{})
	go func() { d.release(1 << 20); close(done) }()
	if n, err := c.Read(p); string(p[:n]) != "later" || err != nil {
		t.Errorf("a read that waits: %q, %v", p[:n], err)
	}

	<-done
	s.CloseWrite()
	d.release(1 << 20)
	sockettest.AwaitArrival(t, ends[0])
	for range 2 {
		if n, err := now.Read(c, p); n != 0 || err != io.EOF {
			t.Errorf("the end: %d, %v", n, err)
		}
	}
}

// TLS over what is no socket shows what is in its buffer, and otherwise tells nothing.
func TestNowTLSUnsupported(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	c, s, d := secure(t, client, server, false)
	var now wire.Now
	p := make([]byte, 100)
	io.WriteString(s, "one")
	io.WriteString(s, "two")
	go d.release(1 << 20)
	if n, err := c.Read(p); string(p[:n]) != "one" || err != nil {
		t.Errorf("%q, %v", p[:n], err)
	}
	if n, err := now.Read(c, p); string(p[:n]) != "two" || err != nil {
		t.Errorf("%q, %v", p[:n], err)
	}
	if _, err := now.Read(c, p); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	go func() { io.WriteString(s, "x"); d.release(1 << 20) }()
	if n, err := c.Read(p); string(p[:n]) != "x" || err != nil {
		t.Errorf("then: %q, %v", p[:n], err)
	}
}

// arrivals is a reader that tells what has arrived.
type arrivals struct {
	io.Reader
	now []string // "" is nothing yet
	err error    // behind all
}

func (a *arrivals) ReadNow(p []byte) (int, error) {
	if len(a.now) == 0 {
		return 0, a.err
	}
	text := a.now[0]
	a.now = a.now[1:]
	if text == "" {
		return 0, os.ErrDeadlineExceeded
	}
	return copy(p, text), nil
}

// Quiet finds what is buffered and what has arrived, and the end of the connection.
func TestQuiet(t *testing.T) {
	src := &arrivals{now: []string{"", "+OK stray\r\n"}, err: io.EOF}
	lines := &wire.Lines{Reader: wire.NewReader(src, wire.Greeting())}
	if err := lines.Quiet(); err != nil {
		t.Errorf("without arrivals: %v", err)
	}
	lines.Arrivals = true
	if err := lines.Quiet(); err != nil {
		t.Errorf("nothing: %v", err)
	}
	for range 2 { // the second time it is buffered
		var v *policy.Violation
		if err := lines.Quiet(); !errors.As(err, &v) || v.Reason != policy.ErrInjected || v.Reply != "+OK stray" {
			t.Errorf("%v", err)
		}
	}
	lines.Take()
	var closed *wire.Closed
	if err := lines.Quiet(); !errors.As(err, &closed) {
		t.Errorf("the end: %v", err)
	}
	src.err = syscall.ECONNRESET
	if err := lines.Quiet(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: %v", err)
	}
}
