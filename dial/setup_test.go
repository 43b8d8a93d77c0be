package dial_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

// What a connection says of itself is said while its session begins: a Setup that was
// kept changes nothing afterwards, and is evidence of nothing.
func TestSetupIsOver(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	var phases []dial.Phase
	tried := 0
	d := dial.Dialer{TLSConfig: s.ClientConfig(), Peers: &memstore.Store{}, PeerRules: peers.Rules{HoldAuth: true}, Trace: &dial.Trace{
		PhaseStart: func(_ dial.Endpoint, p dial.Phase) { phases = append(phases, p) },
		LoginTried: func(dial.Endpoint, dial.Login, error) { tried++ },
	}}
	first, err := d.Dial(t.Context(), s.Endpoint(policy.RequiredSTARTTLS))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Abort()
	err = first.Setup(t.Context(), func(ctx context.Context, s *dial.Setup) error {
		s.MechanismsListed(ctx, []string{"SCRAM-SHA-256"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := d.Dial(t.Context(), s.Endpoint(policy.RequiredSTARTTLS))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Abort()
	var kept *dial.Setup
	err = conn.Setup(t.Context(), func(_ context.Context, s *dial.Setup) error {
		kept = s
		if !s.Encrypted() || s.Verified() != trust.PKIX || s.Security().Verified != trust.PKIX || s.Endpoint() != conn.Endpoint() || s.HeldToSCRAM() == nil {
			t.Errorf("during the setup: %v", s.Security())
		}
		s.Enter(dial.PhaseAuth)
		s.LoginTried(dial.Login{Mechanism: "PLAIN"}, errors.New("refused"))
		s.LoginTried(dial.Login{Mechanism: "LOGIN"}, nil)
		if got := s.Security().Login.Mechanism; got != "LOGIN" {
			t.Errorf("login by %q", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := len(phases)
	kept.Enter(dial.PhaseGreeting)
	kept.LoginTried(dial.Login{Mechanism: "SCRAM-SHA-256-PLUS", Binding: "tls-exporter"}, nil)
	kept.MechanismsListed(t.Context(), []string{"SCRAM-SHA-256"})
	if got := conn.Security().Login; got.Mechanism != "LOGIN" || got.Binding != "" {
		t.Errorf("a setup that is over changed the login to %v", got)
	}
	if len(phases) != seen || tried != 2 {
		t.Errorf("the trace was told of %d phases and %d logins, want %d and 2", len(phases), tried, seen)
	}
	for name, s := range map[string]*dial.Setup{"over": kept, "nil": nil, "zero": {}} {
		s.Enter(dial.PhaseAuth)
		s.LoginTried(dial.Login{}, nil)
		s.MechanismsListed(t.Context(), nil)
		if at := s.Security(); at.Encrypted() || at.Verified != trust.None || s.Encrypted() || s.Verified() != trust.None {
			t.Errorf("%s is evidence: %v", name, at)
		}
		if s.Endpoint() != (dial.Endpoint{}) || s.HeldToSCRAM() != nil {
			t.Errorf("%s: %v, %v", name, s.Endpoint(), s.HeldToSCRAM())
		}
	}
}

// undecryptable is a TLS record that the server answers with an alert.
var undecryptable = append([]byte{23, 3, 3, 0, 32}, make([]byte, 32)...)

// overRaw returns a connection to s with TLS, and the one below it.
func overRaw(t *testing.T, s *dialtest.Server) (conn *dial.Conn, raw net.Conn) {
	t.Helper()
	raw, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	d := dial.Dialer{TLSConfig: s.ClientConfig()}
	conn, err = d.NewConn(t.Context(), raw, s.Endpoint(policy.RequiredSTARTTLS))
	if err != nil {
		t.Fatal(err)
	}
	return conn, raw
}

// A server of TLS 1.3 judges a client's certificate after the client's handshake: its
// alert is a failure of the handshake where it comes first, and of the phase later on.
func TestPhaseOfAnAlert(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	for during, want := range map[dial.Phase]dial.Phase{
		dial.PhaseCapability: dial.PhaseHandshake, dial.PhaseGreeting: dial.PhaseHandshake,
		dial.PhaseAuth: dial.PhaseAuth, dial.PhaseSession: dial.PhaseSession,
	} {
		conn, raw := overRaw(t, s)
		err := conn.Setup(t.Context(), func(_ context.Context, s *dial.Setup) error {
			s.Enter(during)
			raw.Write(undecryptable)
			_, err := conn.Read(make([]byte, 1))
			return err
		})
		var failed *dial.Error
		if !errors.As(err, &failed) || failed.Phase != want || !strings.Contains(err.Error(), "remote error") {
			t.Errorf("%v: %v", during, err)
		}
	}
}

// An alert after a failure is not looked for where the server has said something inside
// TLS: it is not about the client's certificate then.
func TestAlertBehindWords(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	conn, raw := overRaw(t, s)
	failure := errors.New("no such user")
	err := conn.Setup(t.Context(), func(context.Context, *dial.Setup) error {
		io.WriteString(conn, "a NOOP\r\n")
		bufio.NewReader(conn).ReadString('\n')
		raw.Write(undecryptable)
		return failure
	})
	if !errors.Is(err, failure) || strings.Contains(err.Error(), "remote error") {
		t.Error(err)
	}
}

// A Conn may be asked how it is protected while the session logs in: the race detector
// watches.
func TestSecurityDuringALogin(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	d := dial.Dialer{TLSConfig: s.ClientConfig()}
	conn, err := d.Dial(t.Context(), s.Endpoint(policy.RequiredSTARTTLS))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Abort()
	asked := make(chan bool)
	err = conn.Setup(t.Context(), func(_ context.Context, s *dial.Setup) error {
		go func() {
			at := conn.Security()
			asked <- at.Encrypted() && conn.Encrypted() && conn.Endpoint() == at.Endpoint && conn.LocalName() != ""
		}()
		s.LoginTried(dial.Login{Mechanism: "PLAIN"}, nil)
		if !<-asked {
			t.Error("not encrypted")
		}
		return nil
	})
	if got := conn.Security().Login.Mechanism; err != nil || got != "PLAIN" {
		t.Errorf("login by %q: %v", got, err)
	}
}

// The transcript of a session that could not begin ends with the reason.
func TestTranscriptOfAFailedSetup(t *testing.T) {
	s := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP})
	var words strings.Builder
	d := dial.Dialer{TLSConfig: s.ClientConfig(), Transcript: &words}
	conn, err := d.Dial(t.Context(), s.Endpoint(policy.RequiredSTARTTLS))
	if err != nil {
		t.Fatal(err)
	}
	err = conn.Setup(t.Context(), func(_ context.Context, s *dial.Setup) error {
		s.Enter(dial.PhaseAuth)
		return errors.New("no such user")
	})
	lines := strings.Split(strings.TrimSpace(words.String()), "\n")
	if last := strings.Join(lines[max(0, len(lines)-2):], "\n"); err == nil || !strings.Contains(last, "failed: ") || !strings.Contains(last, "no such user") {
		t.Errorf("%v\n%s", err, words.String())
	}
}

// So does that of a dial that has failed, in whatever phase.
func TestTranscriptOfAFailedDial(t *testing.T) {
	player := scripttest.New(t)
	for _, lines := range []string{"S: * BYE full", "S: * OK ready\nC: STARTTLS\nS: <tag> NO not now\nC: CAPABILITY\nS: <tag> NO neither"} {
		session := player.Play(t, policy.IMAP, policy.RequiredSTARTTLS, lines)
		var words strings.Builder
		d := player.Dialer()
		d.Transcript = &words
		_, err := d.NewConn(t.Context(), session.Client, session.Endpoint)
		_, end, _ := strings.Cut(words.String(), "failed: ")
		if err == nil || !strings.HasSuffix(end, " -- aborted by this side\n") || strings.Count(end, "\n") != 2 {
			t.Errorf("%v\n%s", err, words.String())
		}
		session.Record()
	}
}
