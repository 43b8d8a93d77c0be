package auth

import (
	"context"
	"errors"

	"github.com/mailconn/mailconn/dial"
)

// Authenticate logs in on the connection of s over t, and returns how. Nothing
// is sent over a connection without TLS, or to a server that was not verified,
// unless the credentials say that it may be. Mechanisms are tried in order of
// strength, at most three, the next one only if the server refused the last as such
// or before it was sent anything secret; the protocol's own command may follow PLAIN
// if the server did not say why it refused that. Once a mechanism that binds to the
// channel was refused, or one whose refusal may mean that the server's list was
// edited, nothing that shows the password is tried any more; nor where the
// Dialer's Peers forbid it ([peers.Rules]), which is a violation with reason
// policy.ErrAuthLowered.
//
// The error is a [*policy.Violation] of one of these rules or of the protocol, an
// [*Error], or that of the connection. After an error the connection must be
// closed. The server's words in it are freed of secrets that they repeat.
func Authenticate(ctx context.Context, s *dial.Setup, t Transport, creds Credentials) (dial.Login, error) {
	switch {
	case ctx == nil:
		return dial.Login{}, cancelled(errors.New("nil context"))
	case creds == nil:
		return dial.Login{}, cancelled(errors.New("no credentials"))
	}
	if err := creds.check(); err != nil {
		return dial.Login{}, cancelled(err)
	}
	terms := creds.terms()
	if err := gate(s, terms); err != nil {
		return dial.Login{}, err
	}
	all := &attempts{offer: newOffer(t, s), terms: terms, talk: conversation{Transport: t}}
	o := &all.offer
	if terms.ifOffered && len(o.names()) == 0 && s.HeldToSCRAM() == nil {
		login := dial.Login{NotOffered: true}
		s.LoginTried(login, nil)
		return login, t.Finish()
	}
	list, err := creds.attempts(o)
	if err != nil {
		return dial.Login{}, cancelled(err)
	}
	if list, err = heldTo(s.HeldToSCRAM(), o, list); err != nil {
		return dial.Login{}, err
	}
	if len(list) == 0 {
		return dial.Login{}, notOffered(o, creds.mechanisms())
	}
	all.list = list
	all.talk.Names = [3]string{o.setup.Endpoint().Host, terms.user, terms.identity}
	if t, ok := t.(NoticeTransport); ok {
		t.Redact(all.talk.Clean)
	}
	login, err := all.run(ctx)
	if err == nil {
		s.MechanismsListed(ctx, o.mechanisms)
	}
	return login, err
}

// notOffered is the error of credentials that can use nothing of what the server
// offers.
func notOffered(o *offer, usable []*mechanism) *Error {
	e := &Error{Kind: KindMechanism, Offered: o.names()}
	if len(e.Offered) == 0 && !o.setup.Encrypted() {
		e.advice = "The server offers no login on a connection without TLS: use a policy with TLS."
	}
	for _, m := range usable {
		if m.available(o, m.name) != foreign {
			e.Acceptable = append(e.Acceptable, m.name)
		}
	}
	return e
}
