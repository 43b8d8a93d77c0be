package auth_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/policy"
)

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

// What an IMAP server says untagged while it refuses counts where the tagged refusal does
// not tell; a notice that refuses nothing does not.
func TestUntaggedRefusals(t *testing.T) {
	for _, c := range []struct {
		aside, answer string
		kind          auth.Kind
		times         int
	}{
		{"NO [ALERT] Too many simultaneous connections. (Failure)", "NO AUTHENTICATE failed.", auth.KindLimit, 1},
		{"NO [WEBALERT https://accounts.example.com/signin] Web login required.", "NO [ALERT] Lookup failed", auth.KindSecondFactor, 1},
		{"NO Your account is suspended", "NO no", auth.KindDisabled, 1},
		{"BAD internal server error", "NO no", auth.KindTemporary, 1},
		{"OK [ALERT] Password has expired", "NO [AUTHENTICATIONFAILED] no", auth.KindExpired, 1},
		{"OK Too many secrets", "NO no", auth.KindCredentials, 2},
		{"NO [ALERT] Welcome", "NO no", auth.KindCredentials, 2},
		{"NO [ALERT] " + canary + " is not it", "NO no", auth.KindCredentials, 2},
	} {
		s := &server{p: policy.IMAP, lists: []string{"PLAIN"}, play: func(x *talk, _ string) outcome {
			x.say("* " + c.aside)
			x.say(x.tag + c.answer)
			return said
		}}
		_, err := login(t, s, bySCRAM("PLAIN", "IMAP LOGIN"))
		if wantOutcome(t, err, c.kind, nil); timesSent(s, canary) != c.times || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: sent %d times, %v", c.aside, timesSent(s, canary), err)
		}
		if told := strings.Contains(err.Error(), "; "+c.aside[:2]); told != (!strings.HasPrefix(c.aside, "OK Too")) {
			t.Errorf("%s: %v", c.aside, err)
		}
	}
}
