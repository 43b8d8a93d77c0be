package auth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/xdg-go/scram"

	"github.com/mailconn/mailconn/internal/wire"
)

// mechanism is a way to log in. Its run gives a sasl.Client to [exchange].
type mechanism struct {
	name  string
	hash  scram.HashGeneratorFcn // SCRAM's; nil for all others
	binds bool                   // SCRAM that is tied to the connection's TLS
	weak  bool                   // used only if it is named
	shows bool                   // the server sees the password
	acts  bool                   // can send an identity to act as

	public int32 // how many of its messages come before the first with a secret in it
	open   bool  // no message has a secret in it
	custom bool  // the caller's own: what is secret in its messages is not known

	available func(o *offer, name string) availability
	run       func(c *conversation, u use) (Answer, error)
}

// use is a mechanism about to be used.
type use struct {
	attempt
	identity string // "" for the user's own
	user     string
	secret   string
	on       *offer
}

const apop = "APOP"

// scrams are the mechanisms of SCRAM, the strongest first. Each has a form with
// channel binding, whose name ends in -PLUS.
var scrams = []*mechanism{
	{name: "SCRAM-SHA-256", hash: scram.SHA256},
	{name: "SCRAM-SHA-1", hash: scram.SHA1, weak: true},
}

// passwordMechanisms are the mechanisms for a password, the strongest first.
var passwordMechanisms = slices.Concat(scramRows(true), scramRows(false), []*mechanism{
	{name: "CRAM-MD5", weak: true, available: listed, run: func(c *conversation, u use) (Answer, error) {
		return exchange(c, &cramMD5{user: u.user, password: u.secret})
	}},
	{name: apop, weak: true, available: stamped, run: runAPOP},
	{name: sasl.Plain, shows: true, acts: true, available: listed, run: func(c *conversation, u use) (Answer, error) {
		return exchange(c, sasl.NewPlainClient(u.identity, u.user, u.secret))
	}},
	{name: sasl.Login, shows: true, public: 1, available: listed, run: func(c *conversation, u use) (Answer, error) {
		return exchange(c, &login{answers: []string{u.user, u.secret}})
	}},
	{name: "IMAP LOGIN", shows: true, available: command, run: runCommand},
	{name: "USER/PASS", shows: true, available: command, run: runCommand},
})

// tokenMechanisms are the mechanisms for a token, the better one first.
var tokenMechanisms = []*mechanism{
	{name: oauthBearer, available: listed, run: runBearer},
	{name: xoauth2, available: listed, run: runBearer},
}

// scramRows returns the mechanisms of SCRAM with channel binding or without.
func scramRows(bound bool) []*mechanism {
	var rows []*mechanism
	for _, row := range scrams {
		m := *row
		m.binds, m.acts, m.public, m.available, m.run = bound, true, 1, listed, runSCRAM
		if bound {
			m.name += "-PLUS"
		}
		rows = append(rows, &m)
	}
	return rows
}

// checkNames returns an error if a name is not that of a mechanism: a list with
// a slip in it would quietly allow less than it seems to.
func checkNames(names []string, known []*mechanism) error {
	for _, n := range names {
		if !slices.ContainsFunc(known, func(m *mechanism) bool { return strings.EqualFold(m.name, n) }) {
			return fmt.Errorf("unknown mechanism %q", wire.Printable(n))
		}
	}
	return nil
}

// allowedBy reports whether a mechanism may be used, by the names that the credentials
// have. Without names all may be but the weak ones.
func (m *mechanism) allowedBy(names []string) bool {
	if names == nil {
		return !m.weak
	}
	return namedIn(names, m.name)
}
