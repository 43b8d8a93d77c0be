package auth_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// refusals are words of servers that repeat nothing.
var refusals = []string{
	"NO [AUTHENTICATIONFAILED] Authentication failed for this user: no authorization",
	"535 5.7.3 Authentication unsuccessful [HOST.example]",
	"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.example/smtp_auth_disabled for more information.",
	"535 5.7.8 Username and Password not accepted",
	"-ERR [AUTH] the mail user in this host, and its Bearer, are not OK",
	"NO [ALERT] the password is wrong",
	"535 user=a auth=Bearer host=mail.test port=993 n,a=user c=biws r=x",
}

// logins are all ways to send a secret; each is refused with the words of reply.
func logins(user, secret string) map[string]auth.Credentials {
	password := func(mechanism string) auth.Password {
		return auth.Password{User: user, Secret: auth.NewSecret(secret), Mechanisms: []string{mechanism}}
	}
	list := map[string]auth.Credentials{
		"a SASL client": auth.SASL{Start: func() (sasl.Client, error) { return sasl.NewPlainClient("", user, secret), nil }},
		"EXTERNAL":      auth.External{Identity: user},
		"ANONYMOUS":     auth.Anonymous{Trace: user},
	}
	for _, m := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "IMAP LOGIN", "USER/PASS", "APOP"} {
		list[m] = password(m)
	}
	for _, m := range []string{"OAUTHBEARER", "XOAUTH2"} {
		list[m] = auth.Token{User: user, Secret: auth.NewSecret(secret), Mechanisms: []string{m}}
	}
	return list
}

// refuse logs in to a server that says reply, and returns how it is shown. What the
// server was sent is put in the place of each "<sent>", and the same in base64 in
// that of "<sent64>".
func refuse(t *testing.T, name string, creds auth.Credentials, reply string) string {
	t.Helper()
	mechanism, own := name, ""
	if name == "a SASL client" {
		mechanism = "PLAIN"
	}
	if name == "IMAP LOGIN" || name == "USER/PASS" {
		own = name
	}
	on := &stamper{transport{list: []string{mechanism}, own: own}, "<1896.697170952@dbc.mtview.ca.us>"}
	on.last = func(log []string) auth.Answer {
		_, sent, _ := strings.Cut(log[len(log)-1], " ")
		sent = strings.TrimPrefix(sent, mechanism+" ")
		words := strings.NewReplacer("<sent>", sent, "<sent64>", base64.StdEncoding.EncodeToString([]byte(sent))).Replace(reply)
		return auth.Answer{Status: auth.Refused, Kind: auth.KindCredentials, Reply: words}
	}
	_, err := authenticate(t, on, creds)
	var failed *auth.Error
	if !errors.As(err, &failed) {
		t.Fatalf("%s: %v", name, err)
	}
	return failed.Reply
}

// Words that are not the secret are never cut, for any user and any mechanism.
func TestWordsAreNotCut(t *testing.T) {
	for _, user := range []string{"a", "in", "user", "auth", "mail", "user@mail.example"} {
		for name, creds := range logins(user, canary) {
			for _, reply := range refusals {
				if got := refuse(t, name, creds, reply); got != reply {
					t.Errorf("user %q, %s: %q became %q", user, name, reply, got)
				}
			}
		}
	}
}

// A secret that is short or an ordinary word is not betrayed by a hole: a text that
// has it is dropped whole, and any other stays.
func TestOrdinarySecrets(t *testing.T) {
	for _, secret := range []string{"pass", "OK", "a", "password", "Authentication", "mail.test", "12345678", "user", "HOST.example", "IMAP4rev1", "joe1234567"} {
		for name, creds := range logins("joe1234567", secret) {
			if name == "EXTERNAL" || name == "ANONYMOUS" {
				continue
			}
			for _, reply := range append(refusals, "NO pass is wrong", "NO OK", "NO no", "NO user joe1234567 is unknown", "535 [CAPABILITY IMAP4rev1] 12345678", "<sent>") {
				if name == "a SASL client" && (reply == "<sent>" || strings.Contains("joe1234567", secret)) {
					continue // what is secret in its message, and what a name, is a guess
				}
				has := strings.Contains(strings.ToLower(reply), strings.ToLower(secret))
				got := refuse(t, name, creds, reply)
				switch {
				case reply == "<sent>":
					if strings.Contains(got, secret) && len(secret) > 2 {
						t.Errorf("%q, %s: %q", secret, name, got)
					}
				case has && got != "", !has && got != reply:
					t.Errorf("%q, %s: %q became %q", secret, name, reply, got)
				}
			}
		}
	}
}

// What is secret is taken out, in the forms in which it was sent, and nothing else.
func TestSecretsAreCut(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, secret := range []string{canary, `ca"n\ary 7f3a`, "p\u00e4ssw\u00f6rd123", strings.Repeat("token.7f3a-", 60)} {
		for name, creds := range logins("user", secret) {
			switch name {
			case "EXTERNAL", "ANONYMOUS":
				continue
			case "OAUTHBEARER", "XOAUTH2":
				if strings.ContainsAny(secret, " \u00e4") {
					continue // no token
				}
			}
			quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret)
			for _, c := range []struct{ reply, want string }{
				{"NO user <user>: " + secret + " is wrong", "NO user <user>: [secret] is wrong"},
				{"NO user: " + quoted + ", " + strings.ToUpper(secret), "NO user: [secret], " + upperHidden(secret)},
				{"535 " + b64(secret) + " for user", "535 [secret] for user"},
			} {
				if got := refuse(t, name, creds, c.reply); got != c.want {
					t.Errorf("%q, %s: %q became %q", secret, name, c.reply, got)
				}
			}
			got := refuse(t, name, creds, "-ERR <sent64> user")
			if strings.Contains(got, b64(secret)) || got != "-ERR [secret] user" && !strings.HasSuffix(name, "/PASS") && name != "IMAP LOGIN" && name != "APOP" {
				t.Errorf("%q, %s: blob became %q", secret, name, got)
			}
			if got := refuse(t, name, creds, "-ERR <sent> user"); strings.Contains(got, secret) {
				t.Errorf("%q, %s: message became %q", secret, name, got)
			}
		}
	}
}

// upperHidden is what becomes of a secret in upper case: letters that are not ASCII
// make another word.
func upperHidden(secret string) string {
	if wire.IsASCII(secret) {
		return "[secret]"
	}
	return strings.ToUpper(secret)
}

// A secret whose end was cut off, by the server or by the limit of a text, does not
// show its beginning.
func TestCutOffSecrets(t *testing.T) {
	blob := base64.StdEncoding.EncodeToString([]byte("\x00user\x00" + canary))
	me := auth.Password{User: "user", Secret: auth.NewSecret(canary)}
	for n := 8; n < len(blob); n++ {
		for _, reply := range []string{"535 " + blob[:n], "535 no"} {
			got := refuse(t, "PLAIN", me, reply)
			if reply != "535 no" && got != "535 [secret]" || reply == "535 no" && got != reply {
				t.Errorf("%q became %q", reply, got)
			}
		}
	}
	for n := range 40 {
		words := strings.Repeat("x", 480+n)
		for _, err := range []error{wire.Violation(policy.ErrMalformed, words+blob), wire.Hangup(words + " " + canary), wire.Violation(policy.ErrLimit, words+canary)} {
			on := &transport{list: []string{"PLAIN"}, err: err}
			_, err := authenticate(t, on, me)
			if text := err.Error(); strings.Contains(text, canary[:4]) || strings.Contains(text, blob[:4]) {
				t.Errorf("%d: %q", n, text)
			}
		}
	}
	for n := 4; n <= len(canary); n++ {
		for _, words := range []string{"-ERR ", "-ERR user "} {
			for _, end := range []string{"", "..."} { // which a line has that was too long to keep
				on := &transport{list: []string{"PLAIN"}, err: &wire.Closed{Partial: words + canary[:n] + end}}
				if _, err := authenticate(t, on, me); strings.Contains(err.Error(), canary[:4]) || !strings.Contains(err.Error(), strings.TrimSpace(words)) {
					t.Errorf("%d, %q: %v", n, end, err)
				}
			}
		}
	}
}

// Every secret of a login is taken out, that of before a renewal as well.
func TestRenewedSecretsAreCut(t *testing.T) {
	source := &secrets{list: []string{"first-" + canary, "second-" + canary}}
	on := &transport{list: []string{"PLAIN"}, answers: []auth.Answer{
		no(auth.KindCredentials), {Status: auth.Refused, Kind: auth.KindCredentials, Reply: "NO not second-" + canary + ", and not first-" + canary},
	}}
	_, err := authenticate(t, on, auth.Password{User: "u", Secret: source})
	if !strings.Contains(err.Error(), "NO not [secret], and not [secret]") {
		t.Error(err)
	}
}

// Alerts go through the same redactor.
func TestAlertsAreCleaned(t *testing.T) {
	for _, c := range []struct{ secret, alert, want string }{
		{canary, "password " + canary + " is wrong", "password [secret] is wrong"},
		{canary, "Too many simultaneous connections. (Failure)", "Too many simultaneous connections. (Failure)"},
		{"pass", "your password expires soon", "The server has sent an alert that cannot be shown here."},
		{"pass", "quota is low", "quota is low"},
	} {
		for _, ok := range []bool{true, false} {
			answer := "NO [ALERT] " + c.alert
			if ok {
				answer = "OK [ALERT] " + c.alert
			}
			s := &server{p: policy.IMAP, lists: []string{"PLAIN", "LOGINDISABLED"}, play: func(x *talk, _ string) outcome {
				x.say("* NO [ALERT] " + c.alert)
				x.say(x.tag + answer)
				return said
			}}
			alerts := alertsOf(t, s, auth.Password{User: testUser, Secret: auth.NewSecret(c.secret)})
			if len(alerts) < 2 || alerts[0] != c.want || alerts[1] != c.want || fmt.Sprint(alerts[2:]) != "[]" {
				t.Errorf("%q, %v: %q\n%s", c.alert, ok, alerts, s.transcript())
			}
		}
	}
}
