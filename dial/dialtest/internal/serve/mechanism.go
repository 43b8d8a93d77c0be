package serve

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strings"
)

// Authenticate runs the SASL exchange that args, "MECHANISM [initial response]",
// begin. It returns nil or what Login does, ErrMechanism or ErrCancelled; any
// other error ends the session.
func (s *Session) Authenticate(prompt, args string) error {
	fields := strings.Fields(args)
	if len(fields) == 0 || len(fields) > 2 || !slices.Contains(s.Mechanisms, strings.ToUpper(fields[0])) {
		return ErrMechanism
	}
	x := exchange{s, prompt, fields[1:]}
	var user, password string
	var err error
	switch strings.ToUpper(fields[0]) {
	case "PLAIN":
		user, password, err = x.plain()
	case "LOGIN":
		user, password, err = x.login()
	case "CRAM-MD5":
		user, password, err = x.cramMD5()
	case "XOAUTH2", "OAUTHBEARER":
		return x.token()
	default:
		mechanism := strings.ToUpper(fields[0])
		if h := scramHash(mechanism); h != nil {
			return x.scram(h, strings.HasSuffix(mechanism, "-PLUS"))
		}
		return ErrMechanism
	}
	if err != nil {
		return err
	}
	return s.Login(user, password)
}

// plain is RFC 4616. An authorization identity must be the user's own.
func (x *exchange) plain() (user, password string, err error) {
	text, err := x.ask("")
	if err != nil {
		return "", "", err
	}
	parts := strings.Split(text, "\x00")
	if len(parts) != 3 || parts[0] != "" && parts[0] != parts[1] {
		return "", "", ErrCancelled
	}
	return parts[1], parts[2], nil
}

func (x *exchange) login() (user, password string, err error) {
	if user, err = x.ask("Username:"); err != nil {
		return "", "", err
	}
	password, err = x.ask("Password:")
	return user, password, err
}

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
