package auth

import (
	"errors"
	"fmt"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/internal/wire"
)

// Credentials are what a session authenticates with: [Password], [External] or
// what [SASL] returns.
type Credentials interface {
	check() error
	candidates(c Carrier) ([]attempt, error)
}

// attempt is one way to authenticate.
type attempt struct {
	mechanism string
	run       func(Carrier) (Answer, error)
}

// Check returns what can be known to be wrong with credentials before any I/O:
// nothing there, or CR, LF or NUL in them. nil credentials are in order.
func Check(c Credentials) error {
	if c == nil {
		return nil
	}
	return c.check()
}

// Password is a user's name and password. It is sent by the SASL mechanism
// PLAIN (RFC 4616) if the server lists it, else by LOGIN, else by the
// protocol's own command where the server allows that: IMAP's LOGIN unless
// LOGINDISABLED is listed, POP3's USER and PASS.
type Password struct {
	User     string
	Password Secret
}

func (p Password) check() error {
	switch {
	case p.User == "":
		return errors.New("no user")
	case p.Password.Empty():
		return errors.New("no password")
	case wire.CheckLine(p.User) != nil:
		return fmt.Errorf("user %w", wire.ErrArgument)
	case wire.CheckLine(p.Password.reveal()) != nil:
		return fmt.Errorf("password %w", wire.ErrArgument)
	}
	return nil
}

func (p Password) candidates(c Carrier) ([]attempt, error) {
	var list []attempt
	if listed(c, sasl.Plain) {
		list = append(list, saslAttempt(sasl.Plain, sasl.NewPlainClient("", p.User, p.Password.reveal())))
	}
	if listed(c, sasl.Login) {
		list = append(list, saslAttempt(sasl.Login, &login{answers: []string{p.User, p.Password.reveal()}}))
	}
	if name := c.OwnLogin(); name != "" {
		list = append(list, attempt{name, func(c Carrier) (Answer, error) {
			return c.Login(p.User, p.Password.reveal())
		}})
	}
	return list, nil
}

// External lets the server take the identity from the client certificate of
// the TLS handshake, by the SASL mechanism EXTERNAL (RFC 4422 appendix A).
type External struct{}

func (External) check() error { return nil }

func (External) candidates(c Carrier) ([]attempt, error) {
	if !listed(c, sasl.External) {
		return nil, nil
	}
	return []attempt{saslAttempt(sasl.External, sasl.NewExternalClient(""))}, nil
}

// SASL makes credentials of any go-sasl client. start is called once for each
// attempt to authenticate and its client used once. The server must list the
// client's mechanism.
func SASL(start func() (sasl.Client, error)) Credentials { return custom(start) }

type custom func() (sasl.Client, error)

func (c custom) check() error {
	if c == nil {
		return errors.New("no SASL client")
	}
	return nil
}

func (c custom) candidates(on Carrier) ([]attempt, error) {
	client, err := c()
	if err != nil {
		return nil, err
	}
	if client == nil {
		return nil, errors.New("no SASL client")
	}
	mechanism, ir, err := client.Start()
	if err != nil {
		return nil, err
	}
	if !listed(on, mechanism) {
		return nil, nil
	}
	return []attempt{{mechanism, func(on Carrier) (Answer, error) {
		return exchange(on, client, mechanism, ir)
	}}}, nil
}

// login is the mechanism LOGIN: two prompts, whose wording servers choose as
// they like, answered in order.
type login struct{ answers []string }

func (l *login) Start() (string, []byte, error) { return sasl.Login, nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	answer := l.answers[0]
	l.answers = l.answers[1:]
	return []byte(answer), nil
}

func (l *login) done() bool { return len(l.answers) == 0 }
