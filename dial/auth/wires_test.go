package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

// tokens is a source that counts how often it is asked.
type tokens struct {
	calls int
	same  bool // it gives the same token every time
}

func (s *tokens) Secret(context.Context, *auth.Error) (auth.Secret, error) {
	s.calls++
	if s.same {
		return auth.NewSecret(testToken), nil
	}
	return auth.NewSecret(fmt.Sprintf("%s.%d", testToken, s.calls)), nil
}

// A bare NO to PLAIN is followed by LOGIN, once, if the server does not bar it, and
// by no other mechanism. Everything that says more, and every other protocol, ends
// the login.
func TestLoginAfterBareNO(t *testing.T) {
	answers := func(list ...string) func(*talk, string) outcome {
		return func(x *talk, _ string) outcome {
			answer := list[0]
			if len(list) > 1 {
				list = list[1:]
			}
			x.say(x.tag + answer)
			return said
		}
	}
	const ok = "OK [CAPABILITY IMAP4rev1] in"
	for _, c := range []struct {
		name    string
		lists   []string
		creds   auth.Password
		answers []string
		tried   []string // lines, without the tag
		kind    auth.Kind
	}{
		{"LOGIN works", []string{"PLAIN", "XOAUTH2"}, auth.Password{}, []string{"NO AUTHENTICATE failed.", ok}, []string{"AUTHENTICATE PLAIN", "LOGIN"}, ""},
		{"LOGIN is refused", []string{"PLAIN"}, auth.Password{}, []string{"NO no"}, []string{"AUTHENTICATE PLAIN", "LOGIN"}, auth.KindCredentials},
		{"the mechanism LOGIN is passed over", []string{"PLAIN", "LOGIN"}, auth.Password{}, []string{"NO no", ok}, []string{"AUTHENTICATE PLAIN", "LOGIN"}, ""},
		{"not after another mechanism", []string{"LOGIN"}, auth.Password{}, []string{"NO no"}, []string{"AUTHENTICATE LOGIN", "LOGIN"}, auth.KindCredentials},
		{"the caller does not allow it", []string{"PLAIN", "LOGIN"}, auth.Password{Mechanisms: []string{"PLAIN", "LOGIN"}}, []string{"NO no"}, []string{"AUTHENTICATE PLAIN"}, auth.KindCredentials},
		{"a code", []string{"PLAIN"}, auth.Password{}, []string{"NO [ALERT] no"}, []string{"AUTHENTICATE PLAIN"}, auth.KindRefused},
		{"words", []string{"PLAIN"}, auth.Password{}, []string{"NO Your account has been suspended"}, []string{"AUTHENTICATE PLAIN"}, auth.KindDisabled},
	} {
		s := &server{p: policy.IMAP, lists: c.lists, play: answers(c.answers...)}
		c.creds.User, c.creds.Secret = testUser, auth.NewSecret(testPassword)
		_, err := login(t, s, c.creds)
		wantOutcome(t, err, c.kind, nil)
		var tried []string
		for _, line := range clientLines(s) {
			words := strings.Fields(line)
			if len(words) > 3 || len(words) > 2 && words[1] == "AUTHENTICATE" {
				tried = append(tried, strings.TrimSuffix(strings.Join(words[1:3], " "), ` "`+testUser+`"`))
			}
		}
		if !slices.Equal(tried, c.tried) {
			t.Errorf("%s: tried %q\n%s", c.name, tried, s.transcript())
		}
	}
	bars := &server{p: policy.IMAP, lists: []string{"PLAIN LOGINDISABLED"}, play: answers("NO no")}
	if _, err := login(t, bars, auth.Password{User: testUser, Secret: auth.NewSecret(testPassword)}); !errors.Is(err, auth.KindCredentials) || timesSent(bars, canary) != 1 {
		t.Errorf("LOGINDISABLED: %v\n%s", err, bars.transcript())
	}
	for p, answer := range map[policy.Protocol]string{policy.Submission: "535 no", policy.POP3: "-ERR no"} {
		s := &server{p: p, lists: []string{"PLAIN", "LOGIN"}, play: answers(answer)}
		if _, err := login(t, s, auth.Password{User: testUser, Secret: auth.NewSecret(testPassword)}); !errors.Is(err, auth.KindCredentials) || timesSent(s, canary) != 1 {
			t.Errorf("%v: %v\n%s", p, err, s.transcript())
		}
	}
}

func clientLines(s *server) (lines []string) {
	for line := range strings.Lines(s.transcript()) {
		if rest, ok := strings.CutPrefix(line, "C: "); ok {
			lines = append(lines, strings.TrimSpace(rest))
		}
	}
	return lines
}

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

// A refused token asks its source for another exactly once, whether a challenge
// came first or not, and whatever was in it. A failure that is not the token's does
// not.
func TestTokenIsRenewedOnce(t *testing.T) {
	refused := map[policy.Protocol][]string{
		policy.IMAP:       {"NO [AUTHENTICATIONFAILED] no", "NO no", "NO SASL authentication failed", "NO [EXPIRED] no"},
		policy.Submission: {"535 5.7.3 Authentication unsuccessful [HOST.example]", "535 5.7.8 no", "535 no", "554 5.7.0 no"},
		policy.POP3:       {"-ERR [AUTH] no", "-ERR no", "-ERR Logon failure: unknown user name or bad password."},
	}
	other := map[policy.Protocol][]string{
		policy.IMAP:       {"NO [UNAVAILABLE] no", "NO [ALERT] Too many simultaneous connections. (Failure)", "NO [INUSE] no", "NO [CONTACTADMIN] no"},
		policy.Submission: {"454 4.7.0 no", "535 5.7.0 Too many login attempts", "535 5.7.139 no, SmtpClientAuthentication is disabled for the Tenant."},
		policy.POP3:       {"-ERR [SYS/TEMP] no", "-ERR [IN-USE] no", "-ERR [LOGIN-DELAY] no", "-ERR [SYS/PERM] no"},
	}
	challenges := []string{"none", `{"status":"invalid_token","schemes":"bearer","scope":"mail"}`, `{"status":"400"}`, `{"status":"insufficient_scope","scope":"mail"}`, "{}", "no JSON", "=!"}
	for _, p := range protocols {
		for _, mechanism := range []string{"OAUTHBEARER", "XOAUTH2"} {
			for _, challenge := range challenges {
				for i, answer := range append(slices.Clone(refused[p]), other[p]...) {
					want := 1
					if i < len(refused[p]) {
						want = 2
					}
					for _, same := range []bool{false, true}[:max(1, 2-i)] {
						source := &tokens{same: same}
						s := &server{p: p, lists: []string{mechanism}}
						s.play = func(x *talk, _ string) outcome {
							x.first()
							refuseToken(x, challenge)
							x.say(x.tag + answer)
							return said
						}
						_, err := login(t, s, auth.Token{User: testUser, Secret: source})
						var failed *auth.Error
						sent := want
						if same {
							sent = 1
						}
						if !errors.As(err, &failed) || source.calls != want || timesBegun(s) != sent {
							t.Errorf("%v %s, %q, %q: asked %d times, sent %d times, %v", p, mechanism, challenge, answer, source.calls, timesBegun(s), err)
						}
					}
				}
			}
		}
	}
}

// refuseToken sends a challenge that refuses a token, and for one that the client
// may take for a request to repeat the token, once more.
func refuseToken(x *talk, challenge string) {
	switch challenge {
	case "none":
	case "=!":
		x.raw(challenge)
		x.raw(challenge)
	case "no JSON":
		x.ask(challenge)
		x.ask(challenge)
	default:
		x.ask(challenge)
	}
}

// timesBegun counts the commands that begin an exchange.
func timesBegun(s *server) (n int) {
	for _, line := range clientLines(s) {
		if strings.Contains(line, "AUTH") {
			n++
		}
	}
	return n
}

// PLAIN sends name and password as the caller gave them, as servers compare octets;
// SCRAM sends what SASLprep makes of them.
func TestPreparation(t *testing.T) {
	const user, password = "u\u00aa", "x\u00b2\u00bd"
	creds := auth.Password{User: user, Secret: auth.NewSecret(password)}
	on := &transport{list: []string{"PLAIN"}, answers: []auth.Answer{yes}}
	if _, err := authenticate(t, on, creds); err != nil || on.log[0] != "start PLAIN \x00"+user+"\x00"+password {
		t.Errorf("PLAIN: %q, %v", on.log, err)
	}
	on = &transport{list: []string{"LOGIN"}, answers: []auth.Answer{prompt, prompt, yes}}
	if _, err := authenticate(t, on, creds); err != nil || !slices.Equal(on.log[1:], []string{"respond " + user, "respond " + password}) {
		t.Errorf("LOGIN: %q, %v", on.log, err)
	}
	on = &transport{list: []string{"SCRAM-SHA-256"}, answers: []auth.Answer{no(auth.KindRefused)}}
	if authenticate(t, on, creds); !strings.HasPrefix(on.log[0], "start SCRAM-SHA-256 n,,n=ua,r=") {
		t.Errorf("SCRAM: %q", on.log)
	}
	on = &transport{list: []string{"PLAIN"}, answers: []auth.Answer{yes}}
	creds.Secret = auth.NewSecret("a\u0007b") // SASLprep would not have it
	if _, err := authenticate(t, on, creds); err != nil || on.log[0] != "start PLAIN \x00"+user+"\x00a\u0007b" {
		t.Errorf("PLAIN: %q, %v", on.log, err)
	}
}

// What an error calls acceptable exists in the protocol, and what it calls offered
// can be used: no time stamp that is none.
func TestAcceptableIsOfTheProtocol(t *testing.T) {
	everything := auth.Password{User: "u", Secret: auth.NewSecret("p"), Mechanisms: []string{
		"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "APOP", "PLAIN", "LOGIN", "IMAP LOGIN", "USER/PASS",
	}}
	foreign := map[policy.Protocol][]string{policy.IMAP: {"APOP", "USER/PASS"}, policy.Submission: {"APOP", "USER/PASS", "IMAP LOGIN"}, policy.POP3: {"IMAP LOGIN"}}
	for _, p := range protocols {
		s := &server{p: p, lists: []string{"GSSAPI LOGINDISABLED"}, noUser: true, play: honest}
		creds := everything
		if p == policy.POP3 {
			creds.Mechanisms = slices.DeleteFunc(slices.Clone(creds.Mechanisms), func(m string) bool { return m == "APOP" })
		}
		_, err := login(t, s, creds)
		var failed *auth.Error
		if !errors.As(err, &failed) || failed.Kind != auth.KindMechanism || len(failed.Acceptable) != len(creds.Mechanisms)-len(foreign[p]) {
			t.Errorf("%v: %v", p, err)
			continue
		}
		for _, m := range foreign[p] {
			if slices.Contains(failed.Acceptable, m) || strings.Contains(err.Error(), m) {
				t.Errorf("%v: %s in %v", p, m, err)
			}
		}
		if slices.Contains(failed.Offered, "USER/PASS") || slices.Contains(failed.Offered, "IMAP LOGIN") {
			t.Errorf("%v: offered %q", p, failed.Offered)
		}
	}
	none := &server{p: policy.Submission, silentList: true}
	if _, err := login(t, none, everything); err == nil || !strings.Contains(err.Error(), "server offers none") {
		t.Errorf("%v", err)
	}
	for greeting, offered := range map[string]bool{"ready <1.2@host>": true, "ready <hello>": false, "<a b@c>": false, "<hello> <1.2@host> <3.4@host>": true} {
		on := &stamper{transport{list: []string{"X"}}, greeting}
		_, err := authenticate(t, on, auth.Password{User: "u", Secret: auth.NewSecret("p")})
		var failed *auth.Error
		if !errors.As(err, &failed) || slices.Contains(failed.Offered, "APOP") != offered {
			t.Errorf("%q: %v", greeting, err)
		}
	}
}

// A login command that is refused at the user's name has not sent the password.
func TestCommandRefusedAtTheName(t *testing.T) {
	long := strings.Repeat("\u00fc", 10) // a literal of IMAP's
	for _, c := range []struct {
		p      policy.Protocol
		answer string
		kind   auth.Kind
	}{
		{policy.IMAP, "NO no", auth.KindRefused},
		{policy.IMAP, "NO [AUTHENTICATIONFAILED] no", auth.KindCredentials},
		{policy.IMAP, "NO [UNAVAILABLE] no", auth.KindTemporary},
		{policy.POP3, "-ERR no", auth.KindRefused},
		{policy.POP3, "-ERR [AUTH] no", auth.KindCredentials},
		{policy.POP3, "-ERR [IN-USE] no", auth.KindInUse},
	} {
		user, mechanism := long, "IMAP LOGIN"
		if c.p == policy.POP3 {
			user, mechanism = testUser, "USER/PASS"
		}
		s := &server{p: c.p, lists: []string{"X"}, refuseUser: c.answer}
		s.play = func(x *talk, _ string) outcome {
			x.say(x.tag + c.answer)
			return said
		}
		_, err := login(t, s, auth.Password{User: user, Secret: auth.NewSecret(testPassword), Mechanisms: []string{mechanism}})
		if wantOutcome(t, err, c.kind, nil); timesSent(s, canary) != 0 {
			t.Errorf("%v: sent\n%s", c.p, s.transcript())
		}
	}
}
