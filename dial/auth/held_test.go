package auth_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/policy"
)

// refusing plays a server that gives a reason to try another mechanism than
// SCRAM.
func refusing(x *talk, mechanism string) outcome {
	if strings.HasPrefix(mechanism, "SCRAM") {
		return never
	}
	return honest(x, mechanism)
}

// A server that used SCRAM before is not shown a password if the caller says so.
func TestHeldToSCRAM(t *testing.T) {
	scram, plain := []string{"SCRAM-SHA-256", "PLAIN"}, []string{"PLAIN", "LOGIN"}
	blob := base64.StdEncoding.EncodeToString([]byte("\x00" + testUser + "\x00" + testPassword))
	all, onlyPlain := auth.Password{User: testUser, Secret: auth.NewSecret(testPassword)}, bySCRAM("PLAIN")
	for _, p := range protocols {
		for _, c := range []struct {
			name  string
			first []string // what the server lists at home; nil: never been there
			hold  bool
			lists []string
			play  func(*talk, string) outcome
			creds auth.Password
			want  string
		}{
			{"listed as ever", scram, true, scram, honest, all, "SCRAM-SHA-256"},
			{"gone", scram, true, plain, honest, all, "held"},
			{"gone, no floor", scram, false, plain, honest, all, "PLAIN"},
			{"gone, never there", plain, true, plain, honest, all, "PLAIN"},
			{"gone, a stranger", nil, true, plain, honest, all, "PLAIN"},
			{"gone, caller wants PLAIN", scram, true, plain, honest, onlyPlain, "held"},
			{"listed, caller wants PLAIN", scram, true, scram, honest, onlyPlain, "PLAIN"},
			{"listed and refused", scram, true, scram, refusing, all, "refused"},
		} {
			d := &dial.Dialer{Peers: new(memstore.Store), PeerRules: peers.Rules{HoldAuth: c.hold}}
			if c.first != nil {
				if _, err := loginBy(t, &server{p: p, lists: c.first, play: honest}, d, all); err != nil {
					t.Fatalf("%v, %s, at home: %v", p, c.name, err)
				}
			}
			s := &server{p: p, lists: c.lists, play: c.play}
			login, err := loginBy(t, s, d, c.creds)
			var past *peers.Known
			switch {
			case c.want == "held":
				if !errors.Is(err, policy.ErrAuthLowered) || !errors.As(err, &past) || !past.Record.Mechanisms.SCRAM() {
					t.Errorf("%v, %s: %v", p, c.name, err)
				}
			case c.want == "refused" && err == nil, c.want != "refused" && (err != nil || login.Mechanism != c.want):
				t.Errorf("%v, %s: %v, %v", p, c.name, login, err)
			}
			if shown := strings.Contains(s.transcript(), blob); shown != (c.want == "PLAIN") {
				t.Errorf("%v, %s: password shown %v", p, c.name, shown)
			}
		}
	}
}

// A login that failed teaches nothing, and one that succeeded what was listed.
func TestMechanismsAreLearnedFromLogins(t *testing.T) {
	peer := peers.Peer{Protocol: policy.IMAP, Host: "mail.test", Port: 993}
	for password, want := range map[string]string{"wrong": "", testPassword: "PLAIN SCRAM-SHA-256"} {
		store := new(memstore.Store)
		s := &server{p: policy.IMAP, lists: []string{"SCRAM-SHA-256", "PLAIN", "X-OWN"}, play: honest}
		creds := auth.Password{User: testUser, Secret: auth.NewSecret(password)}
		loginBy(t, s, &dial.Dialer{Peers: store}, creds)
		r, err := store.Recall(t.Context(), peer)
		if err != nil || r == nil || r.Mechanisms.String() != want {
			t.Errorf("learned %+v, %v; want %q", r, err, want)
		}
	}
}
