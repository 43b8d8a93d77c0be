package dialtest

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
)

// The outcomes of a SASL exchange that the session survives.
var (
	errMechanism = errors.New("mechanism not available")
	errCancelled = errors.New("exchange cancelled or malformed")
	errWrong     = errors.New("wrong user or password")
)

// exchange is one SASL exchange; challenge says what the protocol puts in
// front of a challenge.
type exchange struct {
	*session
	challenge string
	initial   []string // at most one response that came with the command
}

// authenticate runs the exchange that args, "MECHANISM [initial response]",
// begin. It returns nil or one of the outcomes above; any other error ends the
// session.
func (s *session) authenticate(challenge, args string) error {
	fields := strings.Fields(args)
	if len(fields) == 0 || len(fields) > 2 || !slices.Contains(s.cfg.Mechanisms, strings.ToUpper(fields[0])) {
		return errMechanism
	}
	x := exchange{s, challenge, fields[1:]}
	var user, password string
	var err error
	switch strings.ToUpper(fields[0]) {
	case "PLAIN":
		user, password, err = x.plain()
	case "LOGIN":
		user, password, err = x.login()
	default:
		return errMechanism
	}
	switch {
	case err != nil:
		return err
	case !s.accepts(user, password):
		return errWrong
	}
	s.authed = true
	return nil
}

// plain is RFC 4616. An authorization identity must be the user's own.
func (x *exchange) plain() (user, password string, err error) {
	text, err := x.ask("")
	if err != nil {
		return "", "", err
	}
	parts := strings.Split(text, "\x00")
	if len(parts) != 3 || parts[0] != "" && parts[0] != parts[1] {
		return "", "", errCancelled
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

// ask returns the client's response to a challenge.
func (x *exchange) ask(challenge string) (string, error) {
	response := ""
	if len(x.initial) > 0 {
		response, x.initial = strings.TrimPrefix(x.initial[0], "="), nil
	} else {
		x.say("%s%s", x.challenge, base64.StdEncoding.EncodeToString([]byte(challenge)))
		var err error
		if response, err = x.line(); err != nil {
			return "", err
		}
	}
	text, err := base64.StdEncoding.DecodeString(response)
	if err != nil { // "*", a client's way to give up, is one of these
		return "", errCancelled
	}
	return string(text), nil
}
