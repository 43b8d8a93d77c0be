package dialtest_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

func interpose(t *testing.T, srv *dialtest.Server, p policy.Protocol, a dialtest.Attack) *dialtest.MITM {
	t.Helper()
	m, err := dialtest.Interpose(srv.Addr(), p, a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func reason(want error) func(error) bool {
	return func(err error) bool { return errors.Is(err, want) }
}

func timeout(err error) bool {
	var e *dial.Error
	return errors.As(err, &e) && e.Timeout()
}

func connected(err error) bool { return err == nil }

func TestAttacks(t *testing.T) {
	const (
		implicit      = policy.ImplicitTLS
		required      = policy.RequiredSTARTTLS
		opportunistic = policy.OpportunisticSTARTTLS
	)
	tests := []struct {
		attack dialtest.Attack
		policy policy.Policy
		want   func(error) bool
	}{
		{dialtest.Honest, implicit, connected},
		{dialtest.Honest, required, connected},
		{dialtest.Honest, opportunistic, connected},
		{dialtest.Strip, implicit, connected},
		{dialtest.Strip, required, reason(policy.ErrNotOffered)},
		{dialtest.Strip, opportunistic, connected}, // in the clear, see below
		{dialtest.Refuse, required, reason(policy.ErrRefused)},
		{dialtest.Refuse, opportunistic, reason(policy.ErrRefused)},
		{dialtest.Inject, required, reason(policy.ErrInjected)},
		{dialtest.Inject, opportunistic, reason(policy.ErrInjected)},
		{dialtest.InjectPartial, required, reason(policy.ErrInjected)},
		{dialtest.InjectPartial, opportunistic, reason(policy.ErrInjected)},
		{dialtest.Stall, implicit, timeout},
		{dialtest.Stall, required, timeout},
		{dialtest.Stall, opportunistic, timeout},
		{dialtest.Cut, implicit, reason(io.EOF)},
		{dialtest.Cut, required, reason(io.EOF)},
		{dialtest.Cut, opportunistic, reason(io.EOF)},
		{dialtest.SwapCertificate, implicit, is[x509.UnknownAuthorityError]},
		{dialtest.SwapCertificate, required, is[x509.UnknownAuthorityError]},
		{dialtest.SwapCertificate, opportunistic, is[x509.UnknownAuthorityError]},
		{dialtest.PlainOnTLSPort, implicit, reason(policy.ErrNotTLS)},
	}
	for _, proto := range protocols() {
		for _, tt := range tests {
			t.Run(strings.Join([]string{proto.String(), tt.attack.String(), tt.policy.String()}, " "), func(t *testing.T) {
				t.Parallel()
				srv := testserver.Start(t, dialtest.Config{Protocol: proto, Implicit: tt.policy == implicit})
				m := interpose(t, srv, proto, tt.attack)
				d := dial.Dialer{TLSConfig: srv.ClientConfig(), Timeout: 10 * time.Second}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tt.attack == dialtest.Stall {
					d.Trace = &dial.Trace{PhaseStart: func(_ dial.Endpoint, p dial.Phase) {
						if p == dial.PhaseSTARTTLS || p == dial.PhaseHandshake {
							time.AfterFunc(60*time.Millisecond, func() { cancel(context.DeadlineExceeded) })
						}
					}}
				}
				conn, err := d.Dial(ctx, m.Endpoint(tt.policy))
				if !tt.want(err) {
					t.Fatalf("got %v", err)
				}
				if err == nil {
					stripped := tt.attack == dialtest.Strip && tt.policy == opportunistic
					if s := conn.Security(); (s.Downgrade != nil) != stripped || s.Confidential() == stripped {
						t.Errorf("%v", s)
					}
					conn.Close()
				}
				for len(m.Sessions()) == 0 { // a handshake may be given up before the connection is accepted
					runtime.Gosched()
				}
				checkRecord(t, last(t, m), tt.attack, tt.policy)
			})
		}
	}
}

// checkRecord looks at what the man in the middle saw.
func checkRecord(t *testing.T, s dialtest.Session, a dialtest.Attack, p policy.Policy) {
	t.Helper()
	if p == policy.ImplicitTLS && len(s.Clear) > 0 {
		t.Errorf("%q was sent in the clear to a TLS port", s.Clear)
	}
	if len(s.TLS) > 0 {
		t.Errorf("%v: inside TLS was read %q", a, s.TLS)
	}
}

// A client that does not look at certificates is read, on both kinds of port.
func TestSwapCertificateReads(t *testing.T) {
	for _, p := range []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS} {
		srv := testserver.Start(t, dialtest.Config{
			Protocol: policy.IMAP, Implicit: p == policy.ImplicitTLS, User: canaryUser, Password: canaryPassword,
		})
		m := interpose(t, srv, policy.IMAP, dialtest.SwapCertificate)
		d := dial.Dialer{TLSConfig: &tls.Config{InsecureSkipVerify: true}}
		conn, err := d.Dial(t.Context(), m.Endpoint(p))
		if err != nil {
			t.Fatal(err)
		}
		talk(t, conn, bufio.NewReader(conn), `
			C: a LOGIN canary-user canary-password
			S: a OK [CAPABILITY <imap>] welcome`)
		conn.Close()
		const sent = "a LOGIN canary-user canary-password\r\n"
		if s := last(t, m); string(s.TLS) != sent || s.Leaks(canaryPassword) != nil {
			t.Errorf("%v: read %q and %q", p, s.Clear, s.TLS)
		}
		if s := last(t, srv); string(s.TLS) != sent {
			t.Errorf("%v: server got %q", p, s.TLS)
		}
	}
}

// A forged line is a whole one or the beginning of one.
func TestInject(t *testing.T) {
	for attack, want := range map[dialtest.Attack]string{
		dialtest.Inject: "a OK begin TLS\r\n* OK forged\r\n", dialtest.InjectPartial: "a OK begin TLS\r\n* OK forged",
	} {
		srv := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
		m := interpose(t, srv, policy.IMAP, attack)
		conn := dialRaw(t, m.Addr())
		r := bufio.NewReader(conn)
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "a STARTTLS\r\n")
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		got := make([]byte, len(want))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != want || r.Buffered() > 0 {
			t.Errorf("%v: got %q, %v, and %d bytes more", attack, got, err, r.Buffered())
		}
	}
}

// What surrounds the offer in a list must come through a strip whole.
func TestStripKeepsTheRest(t *testing.T) {
	tests := []struct {
		proto  policy.Protocol
		script string
	}{
		{policy.IMAP, `
			S: * OK [CAPABILITY IMAP4rev1 SASL-IR LOGINDISABLED] ready
			C: a CAPABILITY
			S: * CAPABILITY IMAP4rev1 SASL-IR LOGINDISABLED
			S: a OK listed
			C: b STARTTLS
			S: b BAD unknown command
			C: c NOOP
			S: c OK done`},
		{policy.Submission, `
			S: 220 mail.test ESMTP ready
			C: EHLO me
			<ehlo>
			S: 250 ENHANCEDSTATUSCODES
			C: STARTTLS
			S: 502 5.5.1 unknown command
			C: NOOP
			S: 250 2.0.0 done`},
		{policy.POP3, `
			S: +OK ready
			C: CAPA
			S: +OK
			S: TOP
			S: UIDL
			S: RESP-CODES
			S: AUTH-RESP-CODE
			S: PIPELINING
			S: .
			C: STLS
			S: -ERR unknown command
			C: QUIT
			S: +OK bye`},
	}
	for _, tt := range tests {
		srv := testserver.Start(t, dialtest.Config{Protocol: tt.proto})
		m := interpose(t, srv, tt.proto, dialtest.Strip)
		conn, err := net.Dial("tcp", m.Addr())
		if err != nil {
			t.Fatal(err)
		}
		talk(t, conn, bufio.NewReader(conn), tt.script)
		conn.Close()
	}
}

// The offer may stand in the line that ends the list.
func TestStripLastLine(t *testing.T) {
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sockettest.Serve(t, upstream, func(conn net.Conn) {
		defer conn.Close()
		io.WriteString(conn, "220 ready\r\n")
		bufio.NewReader(conn).ReadString('\n')
		io.WriteString(conn, "250-other.test\r\n250-SIZE\r\n250 StartTLS\r\n")
	})
	m, err := dialtest.Interpose(upstream.Addr().String(), policy.SMTP, dialtest.Strip)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	conn, err := net.Dial("tcp", m.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	talk(t, conn, bufio.NewReader(conn), `
		S: 220 ready
		C: EHLO me
		S: 250-other.test
		S: 250 SIZE`)
}

// A server may refuse by itself; the lines go on afterwards.
func TestHonestForwardsARefusal(t *testing.T) {
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.SMTP, NoSTARTTLS: true})
	m := interpose(t, srv, policy.SMTP, dialtest.Inject)
	conn, err := net.Dial("tcp", m.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	talk(t, conn, bufio.NewReader(conn), `
		S: 220 mail.test ESMTP ready
		C: STARTTLS
		S: 502 5.5.1 not implemented
		C: QUIT
		S: 221 2.0.0 bye`)
}

func TestNoUpstream(t *testing.T) {
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	srv.Close()
	m := interpose(t, srv, policy.IMAP, dialtest.Honest)
	if _, err := dialTo(t, srv, m.Endpoint(policy.RequiredSTARTTLS)); err == nil {
		t.Error("connected to nothing")
	}
}
