package auth

import "github.com/emersion/go-sasl"

// runCommand uses the protocol's own command.
func runCommand(c *conversation, u use) (Answer, error) { return c.login(u.user, u.secret) }

// login is the mechanism LOGIN: two prompts, whose wording servers choose as
// they like, answered in order.
type login struct{ answers []string }

func (l *login) indifferent() {}

func (l *login) Start() (string, []byte, error) { return sasl.Login, nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	answer := l.answers[0]
	l.answers = l.answers[1:]
	return []byte(answer), nil
}

func (l *login) complete() error {
	if len(l.answers) > 0 {
		return errEarly()
	}
	return nil
}
