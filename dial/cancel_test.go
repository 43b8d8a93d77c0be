package dial_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/papers"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// stuck has a server for each phase, which stops answering in that phase of a dial
// under RequiredSTARTTLS (in phase capability, under OpportunisticSTARTTLS).
var stuck = map[dial.Phase]map[policy.Protocol]string{
	dial.PhaseGreeting: {policy.IMAP: "HANG", policy.POP3: "HANG", policy.SMTP: "HANG"},
	dial.PhaseCapability: {
		policy.IMAP: "S: * OK ready\nC: CAPABILITY\nHANG",
		policy.POP3: "S: +OK ready\nC: CAPA\nHANG",
		policy.SMTP: "S: 220 ready\nC: EHLO *\nHANG",
	},
	dial.PhaseSTARTTLS: {
		policy.IMAP: "S: * OK ready\nC: STARTTLS\nHANG",
		policy.POP3: "S: +OK ready\nC: STLS\nHANG",
		policy.SMTP: "S: 220 ready\nC: EHLO *\nS: 250 x\nC: STARTTLS\nHANG",
	},
	dial.PhaseHandshake: {
		policy.IMAP: "S: * OK ready\nC: STARTTLS\nS: <tag> OK\nHANG",
		policy.POP3: "S: +OK ready\nC: STLS\nS: +OK\nHANG",
		policy.SMTP: "S: 220 ready\nC: EHLO *\nS: 250 x\nC: STARTTLS\nS: 220 go\nHANG",
	},
}

func eachStuck(t *testing.T, f func(*testing.T, dial.Phase, policy.Protocol, policy.Policy, string)) {
	for phase, servers := range stuck {
		for proto, lines := range servers {
			t.Run(string(phase)+"/"+proto.String(), func(t *testing.T) {
				pol := policy.RequiredSTARTTLS
				if phase == dial.PhaseCapability {
					pol = policy.OpportunisticSTARTTLS
				}
				synctest.Test(t, func(t *testing.T) { f(t, phase, proto, pol, lines) })
			})
		}
	}
}

// A cancelled dial returns at once, in any phase, with the context's error,
// and the bubble ends only if no goroutine is left.
func TestCancelInEachPhase(t *testing.T) {
	player := scripttest.New(t)
	cause := errors.New("the user went away")
	eachStuck(t, func(t *testing.T, phase dial.Phase, proto policy.Protocol, pol policy.Policy, lines string) {
		session := player.Play(t, proto, pol, lines)
		session.Endpoint.Protocol = proto
		ctx, cancel := context.WithCancelCause(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := player.Dialer().NewConn(ctx, session.Client, session.Endpoint)
			failed <- err
		}()
		synctest.Wait()
		begin := time.Now()
		cancel(cause)
		err := <-failed
		if took := time.Since(begin); took != 0 {
			t.Errorf("took %v to cancel", took)
		}
		var e *dial.Error
		if !errors.As(err, &e) || e.Phase != phase || !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
		session.Record()
	})
}

// A function of the caller's config that gives the client's certificate sees the end of
// the dial.
func TestCancelClientCertificate(t *testing.T) {
	player := scripttest.New(t)
	asking, err := player.TLS("good")
	if err != nil {
		t.Fatal(err)
	}
	asking = asking.Clone()
	asking.ClientAuth = tls.RequestClientCert
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go tls.Server(server, asking).Handshake()
		ctx, cancel := context.WithCancel(t.Context())
		d := player.Dialer()
		d.TLSConfig = d.TLSConfig.Clone()
		d.TLSConfig.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			cancel()
			<-info.Context().Done()
			return nil, info.Context().Err()
		}
		e := dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.ImplicitTLS}
		if _, err := d.NewConn(ctx, client, e); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// The Dialer's Timeout bounds a dial, and the error names it.
func TestTimeoutInEachPhase(t *testing.T) {
	player := scripttest.New(t)
	eachStuck(t, func(t *testing.T, phase dial.Phase, proto policy.Protocol, pol policy.Policy, lines string) {
		session := player.Play(t, proto, pol, lines)
		begin := time.Now()
		_, err := player.Dialer().NewConn(t.Context(), session.Client, session.Endpoint)
		want := 30 * time.Second
		if proto == policy.SMTP {
			want = 5 * time.Minute
		}
		if took := time.Since(begin); took != want {
			t.Errorf("took %v, want %v", took, want)
		}
		var e *dial.Error
		if !errors.As(err, &e) || e.Phase != phase || !e.Timeout() || !e.Temporary() || e.Hint() == "" {
			t.Errorf("got %v", err)
		}
		session.Record()
	})
}

// blocked is a NetDialer that never connects.
type blocked struct{}

func (blocked) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestCancelWhileConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			d := dial.Dialer{NetDialer: blocked{}}
			_, err := d.Dial(ctx, dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.ImplicitTLS})
			failed <- err
		}()
		synctest.Wait()
		begin := time.Now()
		cancel()
		var e *dial.Error
		if err := <-failed; !errors.As(err, &e) || e.Phase != dial.PhaseConnect || !errors.Is(err, context.Canceled) || time.Since(begin) != 0 {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
	})
}

func TestConnectTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dial.Dialer{NetDialer: blocked{}, Timeout: time.Second}
		begin := time.Now()
		_, err := d.Dial(t.Context(), dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.ImplicitTLS})
		var e *dial.Error
		if !errors.As(err, &e) || e.Phase != dial.PhaseConnect || !e.Timeout() || time.Since(begin) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
	})
}

// After a dial neither its context nor its Timeout affects the connection.
func TestLimitsEndWithTheDial(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		session := player.Play(t, policy.IMAP, policy.ImplicitTLS, "")
		ctx, cancel := context.WithCancel(t.Context())
		conn, err := player.Dialer().NewConn(ctx, session.Client, session.Endpoint)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		time.Sleep(24 * time.Hour) // of the bubble's clock
		if _, err := conn.Write([]byte("a NOOP\r\n")); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 64)
		if n, err := conn.Read(answer); err != nil || string(answer[:n]) != "a OK done\r\n" {
			t.Errorf("read %q, %v", answer[:n], err)
		}
		conn.Close()
		session.Record()
	})
}

// A deadline that the user set on the raw connection stays in force.
func TestUsersDeadlineIsKept(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		session := player.Play(t, policy.IMAP, policy.NoTLS, "HANG")
		session.Client.SetDeadline(time.Now().Add(time.Second))
		begin := time.Now()
		_, err := player.Dialer().NewConn(t.Context(), session.Client, session.Endpoint)
		var e *dial.Error
		if !errors.As(err, &e) || !e.Timeout() || time.Since(begin) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
		session.Record()
	})
}

// Success and cancellation race 20,000 times. In every case the outcome is
// one of two: an error and a closed connection, or a connection that works.
func TestCancelRace(t *testing.T) {
	const races = 20000
	ep := dial.Endpoint{Protocol: policy.POP3, Host: "mail.test", Policy: policy.NoTLS}
	won, lost := 0, 0
	for i := range races {
		client, server := net.Pipe()
		ctx, cancel := context.WithCancel(context.Background())
		go server.Write([]byte("+OK ready\r\n"))
		go func() {
			for range i % 16 {
				runtime.Gosched()
			}
			cancel()
		}()
		conn, err := new(dial.Dialer).NewConn(ctx, client, ep)
		if err != nil {
			lost++
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			if _, err := client.Write([]byte("x")); err == nil {
				t.Fatal("connection still open after an error")
			}
			continue
		}
		won++
		go server.Write([]byte("+OK\r\n"))
		b := make([]byte, 5)
		if _, err := conn.Read(b); err != nil {
			t.Fatalf("poisoned connection: %v", err)
		}
		conn.Close()
	}
	t.Logf("dial won %d times, cancellation %d times", won, lost)
	if won == 0 || lost == 0 {
		t.Errorf("no race: %d to %d", won, lost)
	}
	papers.Says(t, "README.md", "%d races between success and cancellation", races)
	papers.Says(t, "SECURITY.md", "%d races", races)
}
