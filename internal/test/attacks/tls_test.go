package attacks_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"syscall"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// edited is the server's end of a connection on which an attacker edits what the
// client sends.
type edited struct {
	net.Conn
	edit func([]byte) []byte
}

func (c edited) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	copy(p, c.edit(bytes.Clone(p[:n])))
	return n, err
}

// An attacker makes the client look as if it knew no TLS 1.3: the server's answer
// carries the mark of RFC 8446 §4.1.3, and the handshake fails.
func TestVersionDowngradeIsNoticed(t *testing.T) {
	player := scripttest.New(t)
	server, err := player.TLS("good")
	if err != nil {
		t.Fatal(err)
	}
	c, s := net.Pipe()
	edits := 0
	hide := func(b []byte) []byte {
		i := bytes.Index(b, []byte{0x00, 0x2b, 0x00, 0x05, 0x04, 0x03, 0x04, 0x03, 0x03})
		if i >= 0 {
			edits++
			b[i+6] = 0x03
		}
		return b
	}
	err = serveOver(t, c, edited{s, hide}, server, player.CA.ClientConfig(), "mail.test", policy.ImplicitTLS)
	var e *dial.Error
	if edits != 1 || !errors.As(err, &e) || e.Phase != dial.PhaseHandshake {
		t.Errorf("%d edits, got %v", edits, err)
	}
}

// A server with nothing but broken cipher suites is not spoken to.
func TestBrokenSuites(t *testing.T) {
	player := scripttest.New(t)
	server, err := player.TLS("good")
	if err != nil {
		t.Fatal(err)
	}
	server.MaxVersion, server.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA}
	err = serveTLS(t, server, player.CA.ClientConfig(), "mail.test", policy.RequiredSTARTTLS)
	var e *dial.Error
	if !errors.As(err, &e) || e.Phase != dial.PhaseHandshake || e.Hint() == "" {
		t.Errorf("got %v", err)
	}
}

// counting is a NetDialer that refuses and counts.
type counting struct {
	mu        sync.Mutex
	addresses []string
	err       error
}

func (c *counting) DialContext(_ context.Context, _, address string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addresses = append(c.addresses, address)
	return nil, c.err
}

// A port that is closed is one error, and no other port is tried.
func TestNoOtherPort(t *testing.T) {
	for _, pol := range script.Policies() {
		nd := &counting{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
		d := dial.Dialer{NetDialer: nd}
		_, err := d.Dial(t.Context(), dial.Endpoint{Protocol: policy.Submission, Host: "mail.test", Policy: pol})
		var e *dial.Error
		if !errors.As(err, &e) || e.Phase != dial.PhaseConnect || !errors.Is(err, syscall.ECONNREFUSED) || len(nd.addresses) != 1 {
			t.Errorf("%v: dialled %q: %v", pol, nd.addresses, err)
		}
	}
}

// A refused connection over real TCP.
func TestConnectionRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	_, err = new(dial.Dialer).Dial(t.Context(), dial.Endpoint{Protocol: policy.IMAP, Host: "127.0.0.1", Port: port, Policy: policy.OpportunisticSTARTTLS})
	var e *dial.Error
	if !errors.As(err, &e) || e.Phase != dial.PhaseConnect || !e.Temporary() || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}

// What one connection learned does not soften the next: the second is stripped,
// and judged as if it were the first.
func TestSecondConnectionIsJudgedAnew(t *testing.T) {
	player := scripttest.New(t)
	d := player.Dialer()
	for i, lines := range []string{"", "S: 220 x\nC: EHLO *\nS: 250 x\nC: STARTTLS\nS: 502 what", ""} {
		session := player.Play(t, policy.Submission, policy.RequiredSTARTTLS, lines)
		conn, err := d.NewConn(t.Context(), session.Client, session.Endpoint)
		if lines == "" {
			if err != nil {
				t.Fatalf("%d: %v", i, err)
			}
			conn.Close()
		} else if !errors.Is(err, policy.ErrNotOffered) {
			t.Errorf("%d: got %v", i, err)
		}
		session.Record()
	}
}
