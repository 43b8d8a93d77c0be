package serve

import (
	"encoding/base64"
	"errors"
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
	switch r := s.order(Credentials); {
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

func in64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
