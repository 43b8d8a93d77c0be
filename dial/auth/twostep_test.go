package auth_test

import (
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
)

// An initial response that the server did not take is sent again, whatever the
// server says instead of asking for it, by every mechanism that has one and in
// every protocol.
func TestInitialResponseIsRepeated(t *testing.T) {
	for _, w := range ways {
		if w.only != 0 || w.name == "LOGIN" || w.name == "CRAM-MD5" {
			continue
		}
		for _, p := range protocols {
			for _, text := range []string{"", "go ahead", "=!garbage", "R28gYWhlYWQ=", "YQ=", "+", "OK", "Ready to receive, please"} {
				s := &server{p: p, lists: []string{w.name}}
				s.play = func(x *talk, mechanism string) outcome {
					again, err := x.raw(text)
					if initial, _ := x.first(); err != nil || again != initial {
						t.Errorf("%s over %v after %q: %q again, %v", w.name, p, text, again, err)
					}
					return honest(x, mechanism)
				}
				if _, err := login(t, s, w.creds); err != nil {
					t.Errorf("%s over %v after %q: %v\n%s", w.name, p, text, err, s.transcript())
				}
			}
		}
	}
}

// It is repeated once.
func TestInitialResponseIsRepeatedOnce(t *testing.T) {
	for _, p := range protocols {
		for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256"} {
			s := &server{p: p, lists: []string{mechanism}}
			s.play = func(x *talk, _ string) outcome {
				x.raw("go ahead")
				if got, err := x.raw("go ahead"); err != errGivenUp {
					t.Errorf("%s over %v: %q, %v", mechanism, p, got, err)
				}
				return vague
			}
			_, err := login(t, s, bySCRAM(mechanism))
			wantOutcome(t, err, auth.KindProtocol, nil)
		}
	}
}

// The prompts of LOGIN may be anything.
func TestPromptsOfLOGIN(t *testing.T) {
	for _, p := range protocols {
		for _, prompt := range []string{"", "VXNlcm5hbWU6", "Username:", "Benutzername?", "=!", "YQ=", "\u540d\u524d"} {
			s := &server{p: p, lists: []string{"LOGIN"}}
			s.play = func(x *talk, _ string) outcome {
				user, _ := x.raw(prompt)
				password, _ := x.raw(prompt)
				return check(user == testUser && password == testPassword)
			}
			if _, err := login(t, s, bySCRAM("LOGIN")); err != nil {
				t.Errorf("%v, %q: %v", p, prompt, err)
			}
		}
	}
}
