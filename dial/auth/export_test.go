package auth

import (
	"slices"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth/internal/redact"
	"github.com/mailconn/mailconn/internal/scramlimits"
)

// MaxIterations, ParseTokenError and CheckFirst are what
// they are inside.
var (
	ParseTokenError = parseTokenError
	CheckFirst      = scramlimits.Check
)

const MaxIterations = scramlimits.MaxIterations

// SCRAM is a client with a nonce that is known.
func SCRAM(name, user, password, nonce string) (sasl.Client, func() error) {
	i := slices.IndexFunc(passwordMechanisms, func(m *mechanism) bool { return m.name == name })
	c, err := newSCRAM(use{attempt: attempt{passwordMechanisms[i], cannotBind}, user: user, secret: password}, nonce)
	if err != nil {
		return nil, func() error { return err }
	}
	return c, c.complete
}

func CRAMMD5(user, password string) sasl.Client { return &cramMD5{user: user, password: password} }

func Bearer(mechanism, user, token string, e dial.Endpoint) sasl.Client {
	return &bearer{mechanism: mechanism, user: user, token: token, endpoint: e}
}

// Judge and Clean are what they are inside.
var Judge = judge

// Clean takes secrets out of words.
func Clean(user, host, words string, secrets ...string) string {
	r := redact.Redactor{Names: [3]string{host, user}}
	for _, s := range secrets {
		r.Hide(s)
	}
	return r.Clean(words)
}

// KnownWords returns the words that are known, and the kind that each stands for.
func KnownWords() map[string]Kind {
	known := map[string]Kind{}
	for _, v := range meanings {
		for _, w := range v.words {
			known[w] = v.kind
		}
	}
	return known
}

// WordsOf returns the kind that the words of a server stand for.
func WordsOf(text string) Kind {
	if v := meaningOf(text); v != nil {
		return v.kind
	}
	return "none"
}

// MechanismNames returns the names of all mechanisms.
func MechanismNames() (names []string) {
	for _, m := range slices.Concat(passwordMechanisms, tokenMechanisms, External{}.mechanisms(), Anonymous{}.mechanisms()) {
		names = append(names, m.name)
	}
	return names
}
