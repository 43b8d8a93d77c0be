package dialtest_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

func in64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// Each mechanism takes the right secret and no other. A refused token is told in
// a challenge first.
func TestMechanisms(t *testing.T) {
	const challenge = "<1896.697170952@mail.test>"
	digest := func(password string) string {
		mac := hmac.New(md5.New, []byte(password))
		mac.Write([]byte(challenge))
		return in64("user " + hex.EncodeToString(mac.Sum(nil)))
	}
	cram := func(password string) string {
		return "C: AUTH CRAM-MD5\nS: 334 " + in64(challenge) + "\nC: " + digest(password) + "\n"
	}
	bearer := func(token string) string {
		return in64("n,a=user,\x01host=mail.test\x01port=25\x01auth=Bearer " + token + "\x01\x01")
	}
	xoauth2 := func(token string) string { return in64("user=user\x01auth=bearer " + token + "\x01\x01") }
	told := "S: 334 " + in64(`{"status":"invalid_token"}`) + "\n"
	const welcome, wrong = "S: 235 2.7.0 welcome", "S: 535 5.7.8 wrong user or password"
	for name, script := range map[string]string{
		"cram-md5":             cram("secret") + welcome,
		"cram-md5, wrong":      cram("secre") + wrong,
		"cram-md5, too early":  "C: AUTH CRAM-MD5 " + digest("secret") + "\nS: 501 5.5.2 exchange cancelled or malformed",
		"xoauth2":              "C: AUTH XOAUTH2 " + xoauth2("secret") + "\n" + welcome,
		"xoauth2, asked":       "C: AUTH XOAUTH2\nS: 334 \nC: " + xoauth2("secret") + "\n" + welcome,
		"xoauth2, wrong":       "C: AUTH XOAUTH2 " + xoauth2("old") + "\n" + told + "C: \n" + wrong,
		"oauthbearer":          "C: AUTH OAUTHBEARER " + bearer("secret") + "\n" + welcome,
		"oauthbearer, wrong":   "C: AUTH OAUTHBEARER " + bearer("old") + "\n" + told + "C: AQ==\n" + wrong,
		"oauthbearer, another": "C: AUTH OAUTHBEARER " + strings.Replace(bearer("secret"), in64("n,a=user,"), in64("n,a=eve!,"), 1) + "\n" + told + "C: AQ==\n" + wrong,
	} {
		t.Run(name, func(t *testing.T) {
			srv := testserver.Start(t, dialtest.Config{
				Protocol: policy.SMTP, NoSTARTTLS: true, LoginInClear: true, Mechanisms: []string{"CRAM-MD5", "XOAUTH2", "OAUTHBEARER"},
			})
			conn := srv.Pipe()
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(10 * time.Second)) // of a test that fails
			talk(t, conn, bufio.NewReader(conn), "S: 220 mail.test ESMTP ready\nC: HELO me\nS: 250 mail.test\n"+script)
		})
	}
}

// This library's SCRAM, which others have tested, gets along with the server's, in
// each protocol.
func TestSCRAM(t *testing.T) {
	for _, mechanism := range []string{"SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"} {
		for _, protocol := range []policy.Protocol{policy.Submission, policy.IMAP, policy.POP3} {
			srv := testserver.Start(t, dialtest.Config{Protocol: protocol, User: "a,b=c", Mechanisms: []string{mechanism}})
			for _, password := range []string{"secret", "wrong"} {
				c, err := sessions.Dial(t.Context(), &dial.Dialer{TLSConfig: srv.ClientConfig()}, srv.Endpoint(policy.RequiredSTARTTLS), auth.Password{
					User: "a,b=c", Secret: auth.NewSecret(password), Mechanisms: []string{mechanism},
				})
				if password == "secret" && err != nil || password == "wrong" && !errors.Is(err, auth.KindCredentials) {
					t.Errorf("%s, %v, %s: %v", mechanism, protocol, password, err)
				}
				if err == nil {
					c.Close()
				}
			}
		}
	}
}

// Commands are kept in order, also those that a rule answers.
func TestCommands(t *testing.T) {
	srv := relay(t, dialtest.Rule{At: "RCPT TO:<ann@*", Reply: "550 no"})
	sendMail(srv, "ann@mail.test")
	sendMail(srv, "bob@mail.test")
	srv.Close()
	const hello, mail = "EHLO localhost", "MAIL FROM:<me@mail.test> BODY=8BITMIME SMTPUTF8"
	want := []string{hello, mail, "RCPT TO:<ann@mail.test>", hello, mail, "RCPT TO:<bob@mail.test>", "DATA", ".", "QUIT"}
	if got := srv.Commands(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
