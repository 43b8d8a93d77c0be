package dial_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// What a connection says of itself is said while its session begins: a Setup that was
// kept changes nothing afterwards, and is evidence of nothing.
func TestSetupIsOver(t *testing.T) {
	s := serve(t, dialtest.Config{Protocol: policy.IMAP})
	var phases []dial.Phase
	tried := 0
	d := dial.Dialer{TLSConfig: s.ClientConfig(), Trace: &dial.Trace{
		PhaseStart: func(_ dial.Endpoint, p dial.Phase) { phases = append(phases, p) },
		LoginTried: func(dial.Endpoint, dial.Login, error) { tried++ },
	}}
	conn, err := d.Dial(t.Context(), s.Endpoint(policy.RequiredSTARTTLS))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Abort()
	var kept *dial.Setup
	err = conn.Setup(t.Context(), func(_ context.Context, s *dial.Setup) error {
		kept = s
		if s.Security().Verified != trust.PKIX {
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
	if kept.Encrypted() || kept.Verified() != trust.None || kept.Endpoint() != (dial.Endpoint{}) {
		t.Error("the setup tells of its connection when it is over")
	}
	if at := kept.Security(); at.Encrypted() || at.Verified != trust.None || kept.HeldToSCRAM() != nil {
		t.Errorf("evidence after the setup: %v", at)
	}
	for name, s := range map[string]*dial.Setup{"nil": nil, "zero": {}} {
		s.Enter(dial.PhaseAuth)
		s.LoginTried(dial.Login{}, nil)
		s.MechanismsListed(t.Context(), nil)
		if at := s.Security(); at.Encrypted() || s.HeldToSCRAM() != nil {
			t.Errorf("%s: %v", name, at)
		}
	}
}

// A Conn may be asked how it is protected while the session logs in: the race detector
// watches.
func TestSecurityDuringALogin(t *testing.T) {
	s := serve(t, dialtest.Config{Protocol: policy.IMAP})
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
	s := serve(t, dialtest.Config{Protocol: policy.IMAP})
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
