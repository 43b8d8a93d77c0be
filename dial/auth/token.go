package auth

import (
	"errors"
	"slices"
	"strings"
)

// Token is a bearer token of OAuth 2.0, sent by OAUTHBEARER (RFC 7628) if the
// server lists it, else by XOAUTH2. It is sent only over TLS: a token in the
// clear belongs to anyone who reads it (RFC 7628 §3, RFC 6750 §5.3).
type Token struct {
	User string // whom the token is for
	// Secret is the token: a [Secret], or what gives one at each login, as an account
	// of package dial/auth/oauth does, which is a module of its own. A program that has a
	// refresh token already takes a [SourceFunc] around golang.org/x/oauth2, which returns
	// a new token when the last one was refused.
	Secret Source

	// Mechanisms are the only ones that may be used, of OAUTHBEARER and
	// XOAUTH2. nil means both.
	Mechanisms []string

	// InsecureUnverified sends the token over TLS to a server that was not
	// verified, which may be anyone.
	InsecureUnverified bool
}

func (t Token) check() error {
	if err := checkText("user", t.User); err != nil {
		return err
	}
	if strings.Contains(t.User, "\x01") {
		return errors.New("user contains ^A") // which divides the message
	}
	if err := checkSource("token", t.Secret, checkToken); err != nil {
		return err
	}
	if err := checkNames(t.Mechanisms, tokenMechanisms); err != nil {
		return err
	}
	if len(t.mechanisms()) == 0 {
		return errors.New("no mechanism may be used: Mechanisms is empty, and not nil")
	}
	return nil
}

func (t Token) terms() terms {
	return terms{user: t.User, source: t.Secret, checkSecret: checkToken, unverified: t.InsecureUnverified}
}

func (t Token) mechanisms() []*mechanism {
	return slices.DeleteFunc(slices.Clone(tokenMechanisms), func(m *mechanism) bool {
		return !m.allowedBy(t.Mechanisms)
	})
}

func (t Token) attempts(o *offer) ([]attempt, error) {
	return attemptsOf(t.mechanisms(), o), nil
}

// checkToken refuses what is no token (RFC 6750 §2.1): a control in it could
// end the message and begin another.
func checkToken(token string) error {
	if token == "" {
		return errors.New("no token")
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return errors.New("token contains blanks, controls or other than ASCII")
		}
	}
	return nil
}
