package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
)

// maxAttempts bounds the mechanisms tried on one connection.
const maxAttempts = 3

// Authenticate logs in on the connection of s over t, and returns how. Nothing
// is sent over a connection without TLS, or to a server that was not verified,
// unless the credentials say that it may be. Mechanisms are tried in order of
// strength, the next one only if the server refused the last for its own sake and
// not for the credentials, at most three. Once a mechanism that binds to the
// channel was refused, or one whose refusal may mean that the server's list was
// edited, nothing that shows the password is tried any more; nor where the
// Dialer's Peers forbid it ([peers.Rules]), which is a violation with reason
// policy.ErrAuthLowered.
//
// The error is a [*policy.Violation] of one of these rules or of the protocol, an
// [*Error], or that of the connection. After an error the connection must be
// closed. The server's words in it are freed of secrets that they repeat.
func Authenticate(ctx context.Context, s *dial.Setup, t Transport, creds Credentials) (dial.Login, error) {
	if creds == nil {
		return dial.Login{}, cancelled(errors.New("no credentials"))
	}
	if err := creds.check(); err != nil {
		return dial.Login{}, cancelled(err)
	}
	terms := creds.terms()
	if err := gate(s, terms); err != nil {
		return dial.Login{}, err
	}
	o := newOffer(t, s.Security())
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
	a := &attempts{setup: s, offer: o, terms: terms, talk: &conversation{Transport: t}}
	login, err := a.run(ctx, list[:min(len(list), maxAttempts)])
	if err == nil {
		s.MechanismsListed(ctx, o.mechanisms)
	}
	return login, err
}

// notOffered is the error of credentials that can use nothing of what the server
// offers.
func notOffered(o *offer, usable []mechanism) *Error {
	e := &Error{Kind: KindMechanism, Offered: o.names()}
	for _, m := range usable {
		if m.available(o, m.name) != foreign {
			e.Acceptable = append(e.Acceptable, m.name)
		}
	}
	return e
}

// cancelled is the error of credentials that cannot be used.
func cancelled(err error) error { return &Error{Kind: KindCancelled, Err: err} }

// attempts are those of one authentication.
type attempts struct {
	setup   *dial.Setup
	offer   *offer
	terms   terms
	talk    *conversation
	secret  string
	renewed bool  // the source was asked a second time
	unbound error // why channel binding was given up, if it was
}

func (t *attempts) run(ctx context.Context, list []attempt) (dial.Login, error) {
	if err := t.fetch(ctx); err != nil {
		return dial.Login{}, err
	}
	for {
		if ctx.Err() != nil {
			return dial.Login{}, wire.ContextError(ctx)
		}
		a := list[0]
		login := dial.Login{Mechanism: a.name, Binding: string(a.binding.Type), Unbound: t.unbound}
		refused, err := t.once(a)
		switch {
		case err != nil:
			t.setup.LoginTried(login, err)
			return dial.Login{}, err
		case refused == nil:
			t.setup.LoginTried(login, nil)
			return login, nil
		}
		t.setup.LoginTried(login, refused)
		again, err := t.renew(ctx, a, refused)
		if again {
			continue
		}
		list = list[1:]
		if err == nil {
			err = t.mayGoOn(ctx, a, refused, len(list) > 0)
		}
		if err != nil {
			return dial.Login{}, err
		}
	}
}

// fetch gets the secret from its source.
func (t *attempts) fetch(ctx context.Context) error {
	if t.terms.source == nil {
		return nil
	}
	secret, err := t.terms.source.Secret(ctx, nil)
	if err == nil {
		err = t.terms.checkSecret(secret.reveal())
	}
	if err != nil {
		return cancelled(err)
	}
	t.secret = secret.reveal()
	return nil
}

// renew asks the source for another secret if the server refused the one it
// gave, and reports whether there is one to try.
func (t *attempts) renew(ctx context.Context, a attempt, refused *Error) (again bool, err error) {
	if t.terms.source == nil || t.renewed || a.binds || refused.Kind != KindCredentials && refused.Kind != KindExpired {
		return false, nil
	}
	t.renewed = true
	secret, err := t.terms.source.Secret(ctx, refused)
	if err == nil {
		err = t.terms.checkSecret(secret.reveal())
	}
	if err != nil {
		if refused.Err != nil {
			err = fmt.Errorf("%w; %w", refused.Err, err)
		}
		failed := *refused
		failed.Err = err
		return false, &failed
	}
	again = secret.reveal() != t.secret
	t.secret = secret.reveal()
	return again, nil
}

// once makes one attempt. An error means that the connection is not to be used
// any more, refused that the server said no.
func (t *attempts) once(a attempt) (refused *Error, err error) {
	a.secret = t.secret
	answer, err := a.run(t.talk, a.use)
	switch {
	case err != nil:
		return nil, t.talk.cleanError(named(err, a.name))
	case answer.Status == Accepted:
		return nil, t.talk.cleanError(t.talk.Finish())
	}
	refused = &Error{Kind: answer.Kind, Guessed: answer.Guessed, Mechanism: a.name, Reply: wire.Printable(t.talk.clean(answer.Reply)), Offered: t.offer.names()}
	if answer.token != nil {
		refused.Err = t.talk.cleanToken(answer.token)
	}
	return refused, nil
}

// mayGoOn returns nil if the next attempt may be made, else what to fail with.
func (t *attempts) mayGoOn(ctx context.Context, a attempt, refused *Error, more bool) error {
	if a.binds {
		return t.unbind(ctx, a, refused, more)
	}
	if more && !a.last && refused.Kind == KindMechanism {
		return nil
	}
	return refused
}

// unbind decides about a login without channel binding when one with it was
// refused. Some servers list what they cannot do; an attacker with a certificate
// of their own between client and server looks the same. A verdict on the
// credentials is none on the binding.
func (t *attempts) unbind(ctx context.Context, a attempt, refused *Error, more bool) error {
	if !refused.Guessed && refused.Kind != KindMechanism && refused.Kind != KindRefused {
		return refused
	}
	failed := *refused
	failed.Kind = KindChannelBinding
	if !more {
		return &failed
	}
	if a.unbound != nil {
		if failed.Err = a.unbound(ctx, refused); failed.Err != nil {
			return &failed
		}
	}
	t.unbound = &failed
	return nil
}

// named puts the mechanism into an error of an exchange.
func named(err error, mechanism string) error {
	var own *Error
	if errors.As(err, &own) && own.Mechanism == "" {
		own.Mechanism = mechanism
	}
	return err
}
