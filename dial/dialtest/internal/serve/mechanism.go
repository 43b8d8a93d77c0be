package serve

import (
	"crypto/md5"
	"encoding/hex"
	"strings"
)

// cramMD5 is RFC 2195. The password is the server's own if the client knows it.
func (x *exchange) cramMD5() (user, password string, err error) {
	const challenge = "<1896.697170952@mail.test>"
	if len(x.initial) > 0 {
		return "", "", ErrCancelled // the server speaks first
	}
	text, err := x.ask(challenge)
	if err != nil {
		return "", "", err
	}
	user, digest, ok := cutLast(text, " ")
	if !ok {
		return "", "", ErrCancelled
	}
	if digest != hex.EncodeToString([]byte(mac(md5.New, x.Password, challenge))) {
		return user, x.Password + "?", nil
	}
	return user, x.Password, nil
}

// cutLast is strings.Cut at the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// token is OAUTHBEARER (RFC 7628) and XOAUTH2, where the password is a token. A
// refusal is told in a challenge first, which the client must answer.
func (x *exchange) token() error {
	text, err := x.ask("")
	if err != nil {
		return err
	}
	fields := strings.Split(text, "\x01")
	user, xoauth2 := strings.CutPrefix(fields[0], "user=")
	if !xoauth2 {
		_, user, _ = strings.Cut(strings.TrimSuffix(fields[0], ","), ",a=")
	}
	token := ""
	for _, field := range fields[1:] {
		if value, ok := strings.CutPrefix(field, "auth="); ok {
			if scheme, rest, _ := strings.Cut(value, " "); strings.EqualFold(scheme, "Bearer") {
				token = rest
			}
		}
	}
	refused := x.Login(user, token)
	if refused == nil {
		return nil
	}
	x.initial = nil
	if _, err := x.ask(`{"status":"invalid_token"}`); err != nil && err != ErrCancelled {
		return err
	}
	return refused
}
