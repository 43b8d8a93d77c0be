package auth_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/wire"
)

func TestCheck(t *testing.T) {
	secret := auth.NewSecret
	client := func() (sasl.Client, error) { return sasl.NewExternalClient(""), nil }
	for _, c := range []struct {
		name  string
		creds auth.Credentials
		word  string // "" is in order
	}{
		{"none", nil, ""},
		{"password", auth.Password{User: "ü s", Secret: secret("p\tä")}, ""},
		{"external", auth.External{}, ""},
		{"SASL", auth.SASL{Start: client}, ""},
		{"no user", auth.Password{Secret: secret("p")}, "no user"},
		{"zero secret", auth.Password{User: "u"}, "no password"},
		{"empty password", auth.Password{User: "u", Secret: secret("")}, "no password"},
		{"CR in user", auth.Password{User: "u\rx", Secret: secret("p")}, "user contains CR"},
		{"LF in user", auth.Password{User: "u\nx", Secret: secret("p")}, "user contains CR"},
		{"NUL in user", auth.Password{User: "u\x00x", Secret: secret("p")}, "user contains CR"},
		{"CRLF in password", auth.Password{User: "u", Secret: secret(canary + "\r\n")}, "password contains CR"},
		{"NUL in password", auth.Password{User: "u", Secret: secret(canary + "\x00")}, "password contains CR"},
		{"no SASL client", auth.SASL{}, "SASL.Start is nil"},
		{"a token's unknown mechanism", auth.Token{User: "u", Secret: secret("t"), Mechanisms: []string{"XOAUTH"}}, `unknown mechanism "XOAUTH"`},
		{"none of a token's mechanisms", auth.Token{User: "u", Secret: secret("t"), Mechanisms: []string{}}, "Mechanisms is empty"},
	} {
		err := auth.Check(c.creds)
		if (err == nil) != (c.word == "") || err != nil && !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error shows the password: %v", c.name, err)
		}
		if strings.Contains(c.word, "contains") && !errors.Is(err, wire.ErrArgument) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestError(t *testing.T) {
	for _, c := range []struct {
		err       auth.Error
		text      string
		temporary bool
		hint      string
	}{
		{auth.Error{Kind: auth.KindCredentials, Mechanism: "PLAIN", Reply: "535 no"}, `bad credentials (PLAIN): "535 no"`, false, "check both"},
		{auth.Error{Kind: auth.KindTemporary, Reply: "454 later"}, `temporary failure: "454 later"`, true, "later"},
		{auth.Error{Kind: auth.KindInUse}, "mailbox in use or locked", true, "later"},
		{auth.Error{Kind: auth.KindExpired, Offered: []string{"X"}}, "credentials expired", false, "change it"},
		{auth.Error{Kind: auth.KindMechanism, Offered: []string{"X", "Y"}}, "no acceptable mechanism: server offers X Y", false, "no way to log in"},
		{auth.Error{Kind: auth.KindTLSRequired}, "server wants TLS first", false, "use TLS"},
		{auth.Error{Kind: auth.KindProtocol, Err: io.EOF}, "server broke the exchange: EOF", false, "broke off the login"},
		{auth.Error{Kind: auth.KindCancelled, Err: io.EOF}, "credentials could not be had: EOF", false, "own text"},
		{auth.Error{Kind: auth.KindRefused}, "server refused", false, "ask its operator"},
		{auth.Error{Kind: auth.KindRefused, Guessed: true, Reply: "554 no"}, `server refused: "554 no"`, false, "its words say why"},
		{auth.Error{Kind: auth.KindCredentials, Guessed: true, Reply: "NO no"}, `probably bad credentials: "NO no"`, false, "most likely"},
		{auth.Error{Kind: auth.KindCredentials, Mechanism: "XOAUTH2", Reply: "535 no"}, `bad credentials (XOAUTH2): "535 no"`, false, "the token"},
		{auth.Error{Kind: auth.KindCredentials, Mechanism: "EXTERNAL", Reply: "535 no"}, `bad credentials (EXTERNAL): "535 no"`, false, "client certificate"},
		{auth.Error{Kind: auth.KindExpired, Mechanism: "XOAUTH2"}, "credentials expired (XOAUTH2)", false, "token has expired"},
		{auth.Error{Kind: auth.KindTemporary, Transient: true}, "temporary failure", true, "later"},
		{auth.Error{Kind: auth.KindDisabled, Transient: true}, "account or access switched off", true, "administrator"},
		{auth.Error{Kind: auth.KindLimit}, "too many connections or logins", true, "other programs"},
		{auth.Error{Kind: auth.KindSecondFactor}, "application password or second factor wanted", false, "password for this program"},
		{auth.Error{Kind: auth.KindDisabled}, "account or access switched off", false, "administrator"},
		{auth.Error{Kind: auth.KindNoLogin}, "server takes no login here", false, "host and port"},
		{auth.Error{Kind: auth.KindMechanism}, "no acceptable mechanism: server offers none", false, "offers no login"},
		{auth.Error{Kind: auth.KindMechanism, Mechanism: "PLAIN", Reply: "504 no"}, `no acceptable mechanism (PLAIN): "504 no"`, false, "its words say why"},
		{auth.Error{Kind: auth.KindMechanism, Offered: []string{"EXTERNAL"}}, "no acceptable mechanism: server offers EXTERNAL", false, "nothing but a client certificate"},
		{auth.Error{Kind: auth.KindServerProof}, "server failed to prove itself", false, "posing"},
		{auth.Error{Kind: auth.KindChannelBinding}, "channel binding failed", false, "attacker"},
	} {
		if got := c.err.Error(); got != c.text {
			t.Errorf("%q, want %q", got, c.text)
		}
		if c.err.Temporary() != c.temporary {
			t.Errorf("%s: temporary %v", c.text, c.err.Temporary())
		}
		if hint := c.err.Hint(); (hint == "") != (c.hint == "") || !strings.Contains(hint, c.hint) || strings.Contains(hint, "nsecure") {
			t.Errorf("%s: hint %q", c.text, hint)
		}
		if c.err.Err != nil && !errors.Is(&c.err, c.err.Err) {
			t.Errorf("%s: the chain is broken", c.text)
		}
	}
	long := auth.Error{Kind: auth.KindRefused, Reply: strings.Repeat("\x1b漢", 300), Err: errors.New("\r\n\u202e")}
	if s := long.Error(); len(s) > 512 || !utf8.ValidString(s) || strings.ContainsAny(s, "\x1b\r\n\u202e") {
		t.Errorf("%d bytes: %q", len(s), s)
	}
}
