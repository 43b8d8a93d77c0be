package dial_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// A context that has ended before the call ends it before any I/O.
func TestContextEndedBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, pol := range []policy.Policy{policy.NoTLS, policy.ImplicitTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS} {
		ep := dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: pol}
		d := dial.Dialer{NetDialer: scripttest.NoNetwork(t)}
		if _, err := d.Dial(ctx, ep); !errors.Is(err, context.Canceled) {
			t.Errorf("%v: %v", pol, err)
		}
		raw := &silent{}
		if _, err := d.NewConn(ctx, raw, ep); !errors.Is(err, context.Canceled) || raw.wrote || !raw.closed {
			t.Errorf("%v: %v, wrote %v, closed %v", pol, err, raw.wrote, raw.closed)
		}
	}
}

// silent is a connection that records its calls.
type silent struct {
	net.Conn
	wrote, closed bool
}

func (s *silent) Read([]byte) (int, error)        { return 0, net.ErrClosed }
func (s *silent) Write(p []byte) (int, error)     { s.wrote = true; return len(p), nil }
func (s *silent) Close() error                    { s.closed = true; return nil }
func (s *silent) LocalAddr() net.Addr             { return nil }
func (s *silent) RemoteAddr() net.Addr            { return nil }
func (s *silent) SetDeadline(time.Time) error     { return errors.New("no deadlines here") }
func (s *silent) SetReadDeadline(time.Time) error { return errors.New("no deadlines here") }

// A NetDialer that returns a connection beside an error has it closed.
func TestConnectionBesideAnError(t *testing.T) {
	raw := &silent{}
	d := dial.Dialer{NetDialer: both{raw}}
	_, err := d.Dial(t.Context(), dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.NoTLS})
	if err == nil || !raw.closed {
		t.Errorf("%v, closed %v", err, raw.closed)
	}
}

type both struct{ net.Conn }

func (b both) DialContext(context.Context, string, string) (net.Conn, error) {
	return b.Conn, errors.New("proxy says no")
}

// A veto is a violation with reason ErrVetoed, with any error of the hook.
func TestVetoIsNoTimeout(t *testing.T) {
	player := scripttest.New(t)
	session := player.Play(t, policy.IMAP, policy.OpportunisticSTARTTLS, stripped)
	d := player.Dialer()
	d.OnDowngrade = func(context.Context, dial.Security) error { return context.DeadlineExceeded }
	_, err := d.NewConn(t.Context(), session.Client, session.Endpoint)
	var e *dial.Error
	if !errors.As(err, &e) || !errors.Is(err, policy.ErrVetoed) || e.Timeout() || e.Temporary() || strings.Contains(e.Hint(), "says nothing") {
		t.Errorf("%v, hint %q", err, e.Hint())
	}
}

// A session that is resumed without verification is not verified, although its ticket
// is from a verified one.
func TestResumedWithoutVerification(t *testing.T) {
	player := scripttest.New(t)
	d := player.Dialer()
	d.TLSConfig.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	again := func() dial.Security { return resume(t, player, d, policy.ImplicitTLS) }
	if s := again(); s.Verified != trust.PKIX {
		t.Fatalf("%v", s)
	}
	d.TLSConfig.InsecureSkipVerify = true
	if s := again(); !s.TLS.DidResume || s.Verified != trust.None {
		t.Errorf("resumed %v, %v", s.TLS.DidResume, s)
	}
}

// HandshakeDone is called also if the greeting inside TLS fails.
func TestHandshakeIsTraced(t *testing.T) {
	player := scripttest.New(t)
	session := player.Play(t, policy.IMAP, policy.ImplicitTLS, "--- tls\nS: * BYE no\nFIN")
	d := player.Dialer()
	told := false
	d.Trace = &dial.Trace{HandshakeDone: func(_ dial.Endpoint, s tls.ConnectionState) { told = s.HandshakeComplete }}
	if _, err := d.NewConn(t.Context(), session.Client, session.Endpoint); err == nil || !told {
		t.Errorf("%v, told %v", err, told)
	}
}

// A password in the host by mistake is in no error.
func TestPasswordInHost(t *testing.T) {
	_, err := new(dial.Dialer).Dial(t.Context(), dial.Endpoint{Protocol: policy.IMAP, Host: "user:canary@mail.test", Policy: policy.ImplicitTLS})
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
}

// The close_notify to a server that does not read ends with the context.
func TestFarewellEndsWithTheContext(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		session := player.Play(t, policy.POP3, policy.ImplicitTLS, "")
		stuck := &clogged{Conn: session.Client, free: make(chan struct{})}
		conn, err := player.Dialer().NewConn(t.Context(), stuck, session.Endpoint)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		err = conn.Setup(ctx, func(_ context.Context, s *dial.Setup) error {
			s.Enter(dial.PhaseAuth)
			stuck.stuck = true
			return errors.New("nothing more to say")
		})
		if took := time.Since(begin); err == nil || took != time.Second {
			t.Errorf("%v after %v", err, took)
		}
		session.Record()
	})
}

// clogged is a connection whose writes can be made to block until it is closed.
type clogged struct {
	net.Conn
	stuck bool
	free  chan struct{}
}

func (s *clogged) Write(p []byte) (int, error) {
	if s.stuck {
		<-s.free
		return 0, net.ErrClosed
	}
	return s.Conn.Write(p)
}

func (s *clogged) Close() error {
	select {
	case <-s.free:
	default:
		close(s.free)
	}
	return s.Conn.Close()
}
