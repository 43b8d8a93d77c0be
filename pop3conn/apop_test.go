package pop3conn_test

import (
	"errors"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

func byAPOP(also ...string) auth.Password {
	return auth.Password{User: "mrose", Secret: auth.NewSecret("tanstaaf"), Mechanisms: append(also, "APOP")}
}

// RFC 1939 §7, and nothing after a refusal (§13).
func TestAPOP(t *testing.T) {
	const banner = "S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>"
	const command = "C: APOP mrose c4c9334bac560ecc979e58001b3e22fb"
	c, err := login(t, byAPOP(), banner, "C: CAPA", "S: -ERR", command, "S: +OK maildrop has 1 message")
	if err != nil || c.Security().Login.Mechanism != "APOP" {
		t.Error(err)
	}
	_, err = login(t, byAPOP("USER/PASS", "PLAIN"), banner, "C: CAPA", "S: +OK", "S: USER", "S: SASL PLAIN", "S: .", command, "S: -ERR what")
	var failed *auth.Error
	if !errors.As(err, &failed) || failed.Mechanism != "APOP" {
		t.Errorf("%v", err)
	}
}

// Time stamps that are none, or were made for a collision, and APOP without the
// caller's word.
func TestNoAPOP(t *testing.T) {
	for _, banner := range []string{"ready", "<>", "<a b@c>", "<ab>", "<a@b@c>", "<a@b", "<@b>", "<a@>", "<a\x80\xff@b>", "<a\x01@b>", "<a<b@c>"} {
		_, err := login(t, byAPOP(), "S: +OK "+banner, "C: CAPA", "S: -ERR")
		var failed *auth.Error
		if !errors.As(err, &failed) || failed.Kind != auth.KindMechanism {
			t.Errorf("%q: %v", banner, err)
		}
	}
	if _, err := login(t, password(), "S: +OK <1896.697170952@dbc.mtview.ca.us>", "C: CAPA", "S: +OK", "S: .", "CLOSE"); err == nil {
		t.Error("APOP was used unasked")
	}
}

// A time stamp from the clear is not used inside TLS: an attacker in the middle there
// could have chosen it.
func TestNoAPOPFromTheClear(t *testing.T) {
	player := scripttest.New(t)
	for _, pol := range []policy.Policy{policy.RequiredSTARTTLS, policy.OpportunisticSTARTTLS} {
		session := player.Play(t, policy.POP3, pol, "S: +OK <1896.697170952@dbc.mtview.ca.us>\nC: CAPA\nS: +OK\nS: STLS\nS: .\nC: STLS\nS: +OK go\nTLS good\n--- tls\nC: CAPA\nS: +OK\nS: USER\nS: .\n")
		conn, err := player.Dialer().NewConn(t.Context(), session.Client, session.Endpoint)
		if err != nil {
			t.Fatal(err)
		}
		_, err = pop3conn.New(t.Context(), conn, &pop3conn.Options{Auth: byAPOP()})
		var where *dial.Error
		var failed *auth.Error
		if !errors.As(err, &where) || where.Phase != dial.PhaseAuth || !errors.As(err, &failed) || failed.Kind != auth.KindMechanism {
			t.Errorf("%v: %v", pol, err)
		}
	}
}
