package auth_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
)

// What is chosen from what a server lists, over a connection with nothing to
// bind to.
func TestChoice(t *testing.T) {
	all := []string{"ANONYMOUS", "LOGIN", "plain", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2", "EXTERNAL"}
	only := func(m ...string) auth.Password { return auth.Password{Mechanisms: m} }
	for _, c := range []struct {
		name  string
		lists []string
		own   string
		creds auth.Password
		want  string // "" is none
	}{
		{"strongest first", all, "IMAP LOGIN", auth.Password{}, "SCRAM-SHA-256"},
		{"weak ones are not chosen", []string{"LOGIN", "SCRAM-SHA-1", "CRAM-MD5"}, "", auth.Password{}, "LOGIN"},
		{"only weak ones", []string{"SCRAM-SHA-1", "CRAM-MD5", "DIGEST-MD5"}, "", auth.Password{}, ""},
		{"only ANONYMOUS", []string{"ANONYMOUS", "EXTERNAL", "XOAUTH2"}, "", auth.Password{}, ""},
		{"PLAIN before LOGIN", []string{"LOGIN", "PLAIN"}, "USER/PASS", auth.Password{}, "PLAIN"},
		{"LOGIN before the protocol's own", []string{"LOGIN"}, "IMAP LOGIN", auth.Password{}, "LOGIN"},
		{"the protocol's own at last", []string{"X"}, "IMAP LOGIN", auth.Password{}, "IMAP LOGIN"},
		{"weak if named", all, "", only("SCRAM-SHA-1", "PLAIN"), "SCRAM-SHA-1"},
		{"the order of names means nothing", all, "", only("PLAIN", "cram-md5"), "CRAM-MD5"},
		{"allow-list", all, "IMAP LOGIN", only("LOGIN"), "LOGIN"},
		{"weakened by the server, floor by list", []string{"PLAIN", "LOGIN"}, "IMAP LOGIN", only("SCRAM-SHA-256"), ""},
		{"weakened by the server, floor by class", []string{"PLAIN", "LOGIN", "SCRAM-SHA-1"}, "IMAP LOGIN", auth.Password{NoPlaintext: true}, ""},
		{"binding required, nothing to bind to", all, "IMAP LOGIN", auth.Password{RequireBinding: true}, ""},
	} {
		c.creds.User, c.creds.Secret = "u", auth.NewSecret("p")
		on := &transport{list: c.lists, own: c.own, answers: []auth.Answer{no(auth.KindCredentials)}}
		_, err := authenticate(t, on, c.creds)
		var failed *auth.Error
		if !errors.As(err, &failed) || !strings.EqualFold(failed.Mechanism, c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
			continue
		}
		if c.want == "" && (failed.Kind != auth.KindMechanism || len(on.log) > 0 || len(failed.Acceptable) == 0 || len(failed.Offered) < len(c.lists)) {
			t.Errorf("%s: %v, sent %q", c.name, err, on.log)
		}
	}
}

// Names that are not known and rules that leave nothing are found before any
// I/O.
func TestRulesAreChecked(t *testing.T) {
	for _, p := range []auth.Password{
		{Mechanisms: []string{"SCRAM-SHA256"}}, {Mechanisms: []string{}}, {Mechanisms: []string{"PLAIN"}, NoPlaintext: true},
		{Mechanisms: []string{"SCRAM-SHA-256"}, RequireBinding: true}, {Mechanisms: []string{"ANONYMOUS"}},
	} {
		p.User, p.Secret = "u", auth.NewSecret("p")
		if err := auth.Check(p); err == nil {
			t.Errorf("%v %v %v", p.Mechanisms, p.NoPlaintext, p.RequireBinding)
		}
	}
}

// A SCRAM that was refused with "y" is not followed: the server may have meant
// the list that an attacker edited.
func TestNothingBehindY(t *testing.T) {
	for _, p := range protocols {
		for _, o := range []outcome{vague, never} {
			var tried []string
			s := &server{p: p, lists: []string{"SCRAM-SHA-256", "PLAIN", "LOGIN"}}
			s.play = func(_ *talk, m string) outcome { tried = append(tried, m); return o }
			_, err := login(t, s, auth.Password{User: testUser, Secret: auth.NewSecret(testPassword)})
			if err == nil || !slices.Equal(tried, []string{"SCRAM-SHA-256"}) {
				t.Errorf("%v: tried %v, %v", p, tried, err)
			}
		}
	}
}
