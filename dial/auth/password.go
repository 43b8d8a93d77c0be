package auth

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// Password is a user's name and password, and what may be done with them. Of
// what the server lists at the connection's own level, the strongest mechanism
// is used that the fields below allow; the package's documentation has the
// table. A mechanism that shows the server the password is used if nothing
// better is listed, unless NoPlaintext is set.
//
// For SCRAM the name and the password are prepared by SASLprep (RFC 4013); where
// they cannot be, the login fails and nothing is sent. Mechanisms that show the
// server the password send name and password as they are given here, since servers
// compare them octet by octet.
type Password struct {
	User   string // the name to log in with
	Secret Source // the password: a [Secret], or what gives one at each login

	// Identity is the identity to act as, where that is not the user's own
	// (RFC 4422 §2). If it is set, only mechanisms are used that can send it:
	// SCRAM and PLAIN.
	Identity string

	// Mechanisms are the only ones that may be used; their order means
	// nothing. nil means SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN, LOGIN and
	// the protocol's own command, "IMAP LOGIN" or "USER/PASS". To be used,
	// SCRAM-SHA-1-PLUS, SCRAM-SHA-1, CRAM-MD5 and APOP must be named here.
	Mechanisms []string

	// NoPlaintext forbids the mechanisms that show the server the password:
	// PLAIN, LOGIN and the protocols' own commands.
	NoPlaintext bool

	// RequireBinding forbids the mechanisms that are not bound to this
	// connection's TLS (RFC 5802 §6): with it, an attacker in the middle cannot
	// log in even with a certificate that is trusted here.
	RequireBinding bool

	// OnUnbound is asked before SCRAM is tried again without channel binding,
	// after the server listed a mechanism with it and refused that for no
	// reason that it gave: some servers list what they cannot do, and an
	// attacker in the middle looks the same. An error ends the authentication
	// with KindChannelBinding. nil means to go on, which
	// Security().Login.Unbound then tells. With NoPlaintext or RequireBinding, or
	// Mechanisms of which none shows the password, there is no second try.
	OnUnbound func(ctx context.Context, refused *Error) error `json:"-"`

	// IfOffered goes on without a login where the server, at the connection's own
	// level, offers no way to log in at all, as relays do that know their clients
	// by address. Security().Login.NotOffered then tells. The connection must be
	// one that the password might cross.
	IfOffered bool

	// InsecureCleartext sends the password over a connection without TLS, where
	// anyone on the way can read it.
	InsecureCleartext bool
	// InsecureUnverified sends the password over TLS to a server that was not
	// verified, which may be anyone.
	InsecureUnverified bool
}

func (p Password) check() error {
	if err := checkText("user", p.User); err != nil {
		return err
	}
	if err := checkLine("identity", p.Identity); err != nil {
		return err
	}
	if err := checkSource("password", p.Secret, checkPassword); err != nil {
		return err
	}
	if err := checkNames(p.Mechanisms, passwordMechanisms); err != nil {
		return err
	}
	if !slices.ContainsFunc(passwordMechanisms, p.allows) {
		return errors.New("no mechanism is left that may be used, by what Mechanisms, NoPlaintext, RequireBinding and Identity say together")
	}
	return nil
}

func checkPassword(secret string) error { return checkText("password", secret) }

func (p Password) terms() terms {
	return terms{
		user:        p.User,
		identity:    p.Identity,
		unbound:     p.OnUnbound,
		source:      p.Secret,
		checkSecret: checkPassword,
		ifOffered:   p.IfOffered,
		cleartext:   p.InsecureCleartext,
		unverified:  p.InsecureUnverified,
	}
}

// allows reports whether a mechanism may be used.
func (p Password) allows(m *mechanism) bool {
	switch {
	case p.NoPlaintext && m.shows, p.RequireBinding && !m.binds, p.Identity != "" && !m.acts:
		return false
	}
	return m.allowedBy(p.Mechanisms)
}

// hides reports whether no mechanism is allowed that shows the password.
func (p Password) hides() bool {
	return !slices.ContainsFunc(passwordMechanisms, func(m *mechanism) bool { return m.shows && p.allows(m) })
}

func (p Password) mechanisms() []*mechanism {
	return slices.DeleteFunc(slices.Clone(passwordMechanisms), func(m *mechanism) bool { return !p.allows(m) })
}

// attempts returns one attempt with channel binding and one without for
// when that is refused; or, where there is nothing to bind with, all that
// server and caller both have. Never both: once binding was refused nothing
// but SCRAM may follow, which proves the server and does not show it the
// password.
func (p Password) attempts(o *offer) ([]attempt, error) {
	list := make([]attempt, 0, min(len(o.mechanisms)+1, maxAttempts))
	bound := false
	for _, m := range passwordMechanisms {
		switch {
		case !p.allows(m) || m.available(o, m.name) != offered:
			continue
		case m.binds && (bound || !o.channel().IsSupported()):
			continue // at most one use of a binding per connection (RFC 9266 §4.2)
		case bound && (m.hash == nil || p.hides() || len(list) > 1):
			continue
		}
		a := attempt{m, p.flag(m, o)}
		bound = bound || a.flag == binds
		list = append(list, a)
	}
	return list, nil
}

// flag chooses what SCRAM says about channel binding (RFC 5802 §6). "y" is for
// a server that lists nothing we could bind with: if that is because an
// attacker took it from the list, the server will know.
func (p Password) flag(m *mechanism, o *offer) gs2 {
	switch {
	case m.binds:
		return binds
	case m.hash == nil || !o.channel().IsSupported():
		return cannotBind
	}
	for _, listed := range o.mechanisms {
		if upper := wire.Upper(listed); strings.HasPrefix(upper, "SCRAM-") && strings.HasSuffix(upper, "-PLUS") {
			return cannotBind // the server can, and what it lists was refused, or is not for us
		}
	}
	if slices.ContainsFunc(passwordMechanisms, func(m *mechanism) bool { return m.binds && p.allows(m) }) {
		return wouldBind
	}
	return cannotBind // the caller wants none
}
