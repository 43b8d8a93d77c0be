package auth_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

func bySCRAM(mechanisms ...string) auth.Password {
	return auth.Password{User: testUser, Secret: auth.NewSecret(testPassword), Mechanisms: mechanisms}
}

func byToken(mechanism string) auth.Token {
	return auth.Token{User: testUser, Mechanisms: []string{mechanism}, Secret: auth.NewSecret(testToken)}
}

// ways is every mechanism: what is listed, the credentials, and where.
var ways = []struct {
	name  string
	creds auth.Credentials
	only  policy.Protocol // 0: all three
}{
	{"SCRAM-SHA-256-PLUS", bySCRAM("SCRAM-SHA-256-PLUS"), 0},
	{"SCRAM-SHA-1-PLUS", bySCRAM("SCRAM-SHA-1-PLUS"), 0},
	{"SCRAM-SHA-256", bySCRAM("SCRAM-SHA-256"), 0},
	{"SCRAM-SHA-1", bySCRAM("SCRAM-SHA-1"), 0},
	{"CRAM-MD5", bySCRAM("CRAM-MD5"), 0},
	{"PLAIN", bySCRAM("PLAIN"), 0},
	{"LOGIN", bySCRAM("LOGIN"), 0},
	{"OAUTHBEARER", byToken("OAUTHBEARER"), 0},
	{"XOAUTH2", byToken("XOAUTH2"), 0},
	{"EXTERNAL", auth.External{}, 0},
	{"ANONYMOUS", auth.Anonymous{Trace: "trace"}, 0},
	{"IMAP LOGIN", bySCRAM("IMAP LOGIN"), policy.IMAP},
	{"USER/PASS", bySCRAM("USER/PASS"), policy.POP3},
	{"APOP", bySCRAM("APOP"), policy.POP3},
}

// endless asks for ever.
func endless(x *talk, _ string) outcome {
	for range 1000 {
		if _, err := x.ask("more"); err != nil {
			return bad
		}
	}
	return hangUp
}

// early stands for what comes of a refusal with a code that a mechanism may meet
// before it has sent the secret.
const early auth.Kind = "early"

// earlyKind is the kind of such a refusal, after a challenge or at once.
func earlyKind(mechanism string, challenged bool) auth.Kind {
	switch {
	case mechanism == "CRAM-MD5" && challenged:
		return auth.KindProtocol // it cannot do without base64
	case mechanism == "CRAM-MD5", mechanism == "LOGIN" && !challenged:
		return auth.KindRefused // it has sent nothing
	}
	return auth.KindCredentials // it has sent the user's name at least, and the refusal has a code
}

// behaviours is what servers do, and what comes of it.
var behaviours = []struct {
	name string
	play func(*talk, string) outcome
	kind auth.Kind // "" is success
	err  error
}{
	{"success", honest, "", nil},
	{"bad credentials", func(x *talk, m string) outcome { honest(x, m); return bad }, auth.KindCredentials, nil},
	{"bad credentials at once", func(*talk, string) outcome { return bad }, early, nil},
	{"temporary", func(*talk, string) outcome { return later }, auth.KindTemporary, nil},
	{"garbage challenge", func(x *talk, _ string) outcome { x.raw("=!garbage"); return bad }, early, nil},
	{"endless challenges", endless, auth.KindProtocol, nil},
	{"oversized challenge", func(x *talk, _ string) outcome { x.raw(strings.Repeat("A", 17<<10)); return bad }, "", policy.ErrLimit},
}

func TestEveryMechanismOnEveryProtocol(t *testing.T) {
	for _, w := range ways {
		for _, p := range protocols {
			if w.only != 0 && w.only != p {
				continue
			}
			for _, b := range behaviours {
				own := w.only != 0 // a command without challenges
				if own && strings.Contains(b.name, "challenge") {
					continue
				}
				t.Run(fmt.Sprintf("%s/%v/%s", w.name, p, b.name), func(t *testing.T) {
					s := &server{p: p, lists: []string{w.name}, play: b.play}
					got, err := login(t, s, w.creds)
					t.Log(s.transcript())
					kind := b.kind
					if kind == early {
						kind = earlyKind(w.name, strings.Contains(b.name, "challenge"))
					}
					wantOutcome(t, err, kind, b.err)
					if err == nil && got.Mechanism != w.name {
						t.Errorf("mechanism %q", got.Mechanism)
					}
					if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, canary) {
						t.Errorf("secret: %s", text)
					}
				})
			}
		}
	}
}

func wantOutcome(t *testing.T, err error, kind auth.Kind, reason error) {
	t.Helper()
	var failed *auth.Error
	switch {
	case reason != nil:
		if !errors.Is(err, reason) {
			t.Errorf("%v, want %v", err, reason)
		}
	case kind == "" && err != nil:
		t.Error(err)
	case kind != "" && (!errors.As(err, &failed) || failed.Kind != kind):
		t.Errorf("%v, want %s", err, kind)
	}
}

// A server that hangs up is no wrong password.
func TestDisconnect(t *testing.T) {
	for _, w := range ways {
		for _, p := range protocols {
			if w.only != 0 && w.only != p {
				continue
			}
			s := &server{p: p, lists: []string{w.name}, play: func(*talk, string) outcome { return hangUp }}
			_, err := login(t, s, w.creds)
			var failed *auth.Error
			if err == nil || errors.As(err, &failed) {
				t.Errorf("%s over %v: %v", w.name, p, err)
			}
		}
	}
}

// Success before the mechanism is at its end is none.
func TestEarlySuccess(t *testing.T) {
	for _, p := range protocols {
		for mechanism, kind := range map[string]auth.Kind{
			"SCRAM-SHA-256-PLUS": auth.KindServerProof, "SCRAM-SHA-256": auth.KindServerProof, "SCRAM-SHA-1": auth.KindServerProof,
			"CRAM-MD5": auth.KindProtocol, "LOGIN": auth.KindProtocol,
		} {
			var tried []string
			s := &server{p: p, lists: []string{mechanism}, play: func(_ *talk, m string) outcome { tried = append(tried, m); return accept }}
			if mechanism != "LOGIN" { // PLAIN would be chosen before it
				s.lists = append(s.lists, "PLAIN")
			}
			_, err := login(t, s, bySCRAM(append(s.lists, mechanism)...))
			wantOutcome(t, err, kind, nil)
			if !slices.Equal(tried, []string{mechanism}) {
				t.Errorf("tried %v", tried)
			}
		}
	}
}

// What a hostile server does inside SCRAM ends the login, and PLAIN, which it
// lists too, is not tried.
func TestSCRAMGuards(t *testing.T) {
	sub := func(step int, f func(string) string) func(int, string) string {
		return func(s int, text string) string {
			if s == step {
				return f(text)
			}
			return text
		}
	}
	field := func(i int, value string) func(string) string {
		return func(text string) string {
			f := strings.Split(text, ",")
			f[i] = value
			return strings.Join(f, ",")
		}
	}
	ours := func(text string) string { // our nonce and nothing else
		return field(0, strings.Split(text, ",")[0][:len("r=")+26])(text)
	}
	for _, c := range []struct {
		name   string
		change func(int, string) string
		kind   auth.Kind
		word   string
	}{
		{"wrong signature", sub(2, func(string) string { return "v=AAAA" }), auth.KindServerProof, "signature"},
		{"empty signature", sub(2, func(string) string { return "v=" }), auth.KindServerProof, "signature"},
		{"no signature", sub(2, func(string) string { return "" }), auth.KindServerProof, "signature"},
		{"nonce is not longer", sub(1, ours), auth.KindProtocol, "nothing of the server"},
		{"nonce is another", sub(1, field(0, "r=abcdefghijklmnopqrstuvwxyz0123456789")), auth.KindProtocol, "does not begin with"},
		{"no nonce", sub(1, field(0, "r=")), auth.KindProtocol, "does not begin with"},
		{"iterations 1", sub(1, field(2, "i=1")), auth.KindProtocol, "below 4096"},
		{"iterations 4095", sub(1, field(2, "i=4095")), auth.KindProtocol, "below 4096"},
		{"iterations 2^31", sub(1, field(2, "i=2147483648")), auth.KindProtocol, "above 1000000"},
		{"iterations 2^80", sub(1, field(2, "i=1208925819614629174706176")), auth.KindProtocol, "above 1000000"},
		{"iterations negative", sub(1, field(2, "i=-4096")), auth.KindProtocol, "malformed iteration"},
		{"salt", sub(1, field(1, "s=!")), auth.KindProtocol, "salt"},
		{"empty salt", sub(1, field(1, "s=")), auth.KindProtocol, "salt"},
		{"mandatory extension", sub(1, func(s string) string { return "m=x," + s }), auth.KindProtocol, "extension"},
		{"wrong password", sub(2, func(string) string { return "e=invalid-proof" }), auth.KindCredentials, "e=invalid-proof"},
		{"no such user, before the proof", sub(1, func(string) string { return "e=unknown-user" }), auth.KindCredentials, "e=unknown-user"},
		{"no resources", sub(2, func(string) string { return "e=no-resources" }), auth.KindTemporary, "e=no-res"},
	} {
		for _, p := range protocols {
			t.Run(fmt.Sprintf("%s/%v", c.name, p), func(t *testing.T) {
				var tried []string
				s := &server{p: p, lists: []string{"SCRAM-SHA-256", "PLAIN"}}
				s.play = func(x *talk, mechanism string) outcome {
					tried = append(tried, mechanism)
					refused := false
					o := honestSCRAM(x, mechanism, bindingOf(x.tls), func(step int, text string) string {
						text = c.change(step, text)
						refused = refused || strings.HasPrefix(text, "e=")
						return text
					})
					if refused {
						return vague
					}
					return o
				}
				_, err := login(t, s, bySCRAM("SCRAM-SHA-256", "PLAIN"))
				t.Log(s.transcript())
				wantOutcome(t, err, c.kind, nil)
				if err != nil && !strings.Contains(err.Error(), c.word) {
					t.Errorf("%v does not say %q", err, c.word)
				}
				if !slices.Equal(tried, []string{"SCRAM-SHA-256"}) {
					t.Errorf("tried %v", tried)
				}
			})
		}
	}
}
