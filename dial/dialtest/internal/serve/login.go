package serve

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
)

// What can come of a login that the session survives.
var (
	ErrMechanism = errors.New("mechanism not available")
	ErrCancelled = errors.New("exchange cancelled or malformed")
	ErrWrong     = errors.New("wrong user or password")
)

// Refusal is a login that a rule refuses in its own words.
type Refusal struct{ Reply string }

// Error returns the words.
func (r *Refusal) Error() string { return r.Reply }

// Login judges a user's name and password. The error is ErrWrong, or a *Refusal.
func (s *Session) Login(user, password string) error {
	accept := s.Accept
	if accept == nil {
		accept = func(user, password string) bool { return user == s.User && password == s.Password }
	}
	switch r := s.order("credentials"); {
	case r.Reply != "":
		return &Refusal{r.Reply}
	case r.Skip || !accept(user, password):
		return ErrWrong
	}
	s.Authed = true
	return nil
}

// exchange is one SASL exchange.
type exchange struct {
	*Session
	prompt  string   // what the protocol puts in front of a challenge
	initial []string // at most one response that came with the command
}

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

// ask returns the client's response to a challenge.
func (x *exchange) ask(challenge string) (string, error) {
	response := ""
	if len(x.initial) > 0 {
		response, x.initial = strings.TrimPrefix(x.initial[0], "="), nil
	} else {
		x.SayAnyway("%s%s", x.prompt, in64(challenge))
		var err error
		if response, err = x.Line(); err != nil {
			return "", err
		}
	}
	text, err := base64.StdEncoding.DecodeString(response)
	if err != nil { // "*", a client's way to give up, is one of these
		return "", ErrCancelled
	}
	return string(text), nil
}
