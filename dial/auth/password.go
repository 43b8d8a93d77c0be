package auth

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/xdg-go/scram"

	"github.com/mailconn/mailconn/internal/wire"
)

// Password is a user's name and password, and what may be done with them. Of
// what the server lists at the connection's own level, the strongest mechanism
// is used that the fields below allow; the package's documentation has the
// table. A mechanism that shows the server the password is used if nothing
// better is listed, unless NoPlaintext is set.
//
// For SCRAM and PLAIN the name and the password are prepared by SASLprep
// (RFC 4013). SCRAM fails before any I/O if they cannot be.
type Password struct {
	User     string // the name to log in with
	Password Secret // made by [NewSecret]

	// Mechanisms are the only ones that may be used; their order means
	// nothing. nil means SCRAM-SHA-256-PLUS, SCRAM-SHA-256, PLAIN, LOGIN and
	// the protocol's own command, "IMAP LOGIN" or "USER/PASS". To be used,
	// SCRAM-SHA-1-PLUS, SCRAM-SHA-1, CRAM-MD5 and APOP must be named here.
	Mechanisms []string

	// NoPlaintext forbids the mechanisms that show the server the password:
	// PLAIN, LOGIN and the protocols' own commands.
	NoPlaintext bool

	// RequireBinding forbids the mechanisms that are not bound to this
	// connection's TLS (RFC 5802 §6): with it, somebody in the middle gets
	// nowhere even with a certificate that is trusted here.
	RequireBinding bool

	// OnUnbound is asked before SCRAM is tried again without channel binding,
	// after the server listed a mechanism with it and refused that for no
	// reason that it gave: some servers list what they cannot do, and somebody
	// in the middle looks the same. An error ends the authentication with
	// KindChannelBinding. nil means to go on, which Security().Login.Unbound
	// then tells. With NoPlaintext or RequireBinding, or Mechanisms of which
	// none shows the password, there is no second try.
	OnUnbound func(ctx context.Context, refused *Error) error `json:"-"`
}

func (p Password) check() error {
	if err := checkText("user", p.User); err != nil {
		return err
	}
	if err := checkText("password", p.Password.reveal()); err != nil {
		return err
	}
	if err := checkNames(p.Mechanisms, names(ranking)); err != nil {
		return err
	}
	if !slices.ContainsFunc(ranking, p.allows) {
		return errors.New("no mechanism is allowed")
	}
	return nil
}

// allows reports whether a mechanism may be used.
func (p Password) allows(m mechanism) bool {
	switch {
	case p.NoPlaintext && m.shows, p.RequireBinding && !m.binds():
		return false
	case p.Mechanisms == nil:
		return !m.weak
	}
	return namedIn(p.Mechanisms, m.name)
}

// hides reports whether no mechanism is allowed that shows the password.
func (p Password) hides() bool {
	return !slices.ContainsFunc(ranking, func(m mechanism) bool { return m.shows && p.allows(m) })
}

func (p Password) acceptable() []string {
	var list []string
	for _, m := range ranking {
		if p.allows(m) {
			list = append(list, m.name)
		}
	}
	return list
}

// candidates returns one attempt with channel binding and one without for
// when that is refused; or, where there is nothing to bind with, all that
// server and caller both have. Never both: once binding was refused nothing
// but SCRAM may follow, which proves the server and does not show it the
// password.
func (p Password) candidates(on site) ([]attempt, error) {
	binding := bindingOf(on.security.TLS)
	var list []attempt
	bound := false
	for _, m := range ranking {
		switch {
		case !p.allows(m) || !m.available(on):
			continue
		case m.binds() && (bound || !binding.IsSupported()):
			continue // at most one use of a binding per connection (RFC 9266 §4.2)
		case bound && (!m.scram() || p.hides() || len(list) > 1):
			continue
		}
		flag := p.flag(m, on, binding)
		a, err := p.attempt(m, on, flag, binding)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
		bound = bound || flag == binds
	}
	return list, nil
}

// available reports whether the server takes a mechanism.
func (m mechanism) available(on site) bool {
	switch m.name {
	case imapLogin, userPass:
		return on.OwnLogin() == m.name
	case apop:
		return msgID.MatchString(on.stamp())
	}
	return on.listed(m.name)
}

// flag chooses what SCRAM says about channel binding (RFC 5802 §6). "y" is for
// a server that lists nothing we could bind with: if that is because somebody
// took it from the list, the server will know.
func (p Password) flag(m mechanism, on site, binding scram.ChannelBinding) gs2 {
	if m.binds() {
		return binds
	}
	if !binding.IsSupported() {
		return cannotBind
	}
	for _, listed := range on.Mechanisms() {
		if upper := wire.Upper(listed); strings.HasPrefix(upper, "SCRAM-") && strings.HasSuffix(upper, "-PLUS") {
			return cannotBind // the server can, and what it lists was refused, or is not for us
		}
	}
	if slices.ContainsFunc(ranking, func(m mechanism) bool { return m.binds() && p.allows(m) }) {
		return wouldBind
	}
	return cannotBind // the caller wants none
}

func (p Password) attempt(m mechanism, on site, flag gs2, binding scram.ChannelBinding) (attempt, error) {
	user, password := p.User, p.Password.reveal()
	switch m.name {
	case sasl.Plain:
		return saslAttempt(m.name, sasl.NewPlainClient("", prepareOrKeep(user), prepareOrKeep(password))), nil
	case sasl.Login:
		return saslAttempt(m.name, &login{answers: []string{user, password}}), nil
	case cramName:
		return saslAttempt(m.name, &cramMD5{user: user, password: password}), nil
	case apop:
		return apopAttempt(user, password, on.stamp()), nil
	case imapLogin, userPass:
		return attempt{mechanism: m.name, run: func(_ context.Context, c Carrier) (Answer, error) {
			return c.Login(user, password)
		}}, nil
	}
	return p.scram(m, flag, binding)
}

func (p Password) scram(m mechanism, flag gs2, binding scram.ChannelBinding) (attempt, error) {
	client, err := newScram(scramParams{m.name, p.User, p.Password.reveal(), flag, binding, newNonce()})
	if err != nil {
		return attempt{}, err
	}
	a := saslAttempt(m.name, client)
	switch flag {
	case binds:
		a.binding, a.unbound = string(binding.Type), p.OnUnbound
	case wouldBind:
		a.last = true // a refusal may be the server's word about an edited list
	}
	return a, nil
}
