package auth_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/xdg-go/scram"

	"github.com/mailconn/mailconn/policy"
)

const (
	testUser     = "user"
	testPassword = canary
	testToken    = "token." + canary
)

// honest is a server's side of every mechanism.
func honest(x *talk, mechanism string) outcome {
	switch {
	case strings.HasPrefix(mechanism, "SCRAM"):
		return honestSCRAM(x, mechanism, bindingOf(x.tls), nil)
	case mechanism == "LOGIN" && x.s.p == policy.IMAP && len(x.initial) == 2:
		return check(strings.Join(x.initial, " ") == fmt.Sprintf("%q %q", testUser, testPassword))
	case mechanism == "LOGIN":
		u, _ := x.ask("Benutzer?")
		p, _ := x.ask("")
		return check(u == testUser && p == testPassword)
	case mechanism == "PASS":
		return check(x.initial[0] == testPassword)
	case mechanism == "APOP":
		return check(x.initial[1] == fmt.Sprintf("%x", md5.Sum([]byte(stamp+testPassword))))
	case mechanism == "CRAM-MD5":
		got, _ := x.ask(stamp)
		mac := hmac.New(md5.New, []byte(testPassword))
		mac.Write([]byte(stamp))
		return check(got == fmt.Sprintf("%s %x", testUser, mac.Sum(nil)))
	}
	got, _ := x.first()
	return check(got == map[string]string{
		"PLAIN":       "\x00" + testUser + "\x00" + testPassword,
		"EXTERNAL":    "",
		"ANONYMOUS":   "trace",
		"XOAUTH2":     "user=" + testUser + "\x01auth=Bearer " + testToken + "\x01\x01",
		"OAUTHBEARER": "n,a=" + testUser + ",\x01host=mail.test\x01port=" + port[x.s.p] + "\x01auth=Bearer " + testToken + "\x01\x01",
	}[mechanism])
}

var port = map[policy.Protocol]string{policy.IMAP: "993", policy.Submission: "465", policy.POP3: "995"}

func check(ok bool) outcome {
	if ok {
		return accept
	}
	return bad
}

// honestSCRAM is a server that can bind to what it is given. change, if set,
// edits what it says in each step.
func honestSCRAM(x *talk, mechanism string, binding scram.ChannelBinding, change func(step int, text string) string) outcome {
	if change == nil {
		change = func(_ int, s string) string { return s }
	}
	hash := scram.SHA256
	if strings.HasPrefix(mechanism, "SCRAM-SHA-1") {
		hash = scram.SHA1
	}
	client, err := hash.NewClient(testUser, testPassword, "")
	if err != nil {
		return later
	}
	stored, err := client.GetStoredCredentialsWithError(scram.KeyFactors{Salt: "salt", Iters: 4096})
	if err != nil {
		return later
	}
	srv, err := hash.NewServer(func(string) (scram.StoredCredentials, error) { return stored, nil })
	if err != nil {
		return later
	}
	conv := srv.NewConversation()
	if strings.Contains(strings.Join(x.s.lists, " "), "-PLUS") {
		conv = srv.NewConversationWithChannelBinding(binding)
	}
	text, err := x.first()
	for step := 1; err == nil && !conv.Done(); step++ {
		var answer string
		answer, stepErr := conv.Step(text)
		if stepErr != nil && (x.s.silent || !strings.HasPrefix(answer, "e=")) {
			return vague
		}
		text, err = x.ask(change(step, answer))
	}
	if err == nil && conv.Valid() {
		return accept
	}
	return vague
}

// bindingOf is the server's idea of the connection.
func bindingOf(s tls.ConnectionState) scram.ChannelBinding {
	if s.Version == tls.VersionTLS13 {
		b, _ := scram.NewTLSExporterBinding(&s)
		return b
	}
	return scram.NewTLSUniqueBinding(s.TLSUnique)
}

func decode(b64 string) string {
	text, _ := base64.StdEncoding.DecodeString(b64)
	return string(text)
}
