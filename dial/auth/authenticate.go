package auth

import (
	"context"
	"errors"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
)

// attempt is one way to authenticate.
type attempt struct {
	mechanism string
	run       func(context.Context, Carrier) (Answer, error)

	// binding is the type of channel binding. An attempt with one is followed,
	// whatever the server refused but the credentials, by the next of the list
	// if unbound, which is asked then, has nothing against it.
	binding string
	unbound func(context.Context, *Error) error
	// last says that a refusal must not be followed by anything: it may be the
	// server's answer to a list that somebody has edited.
	last bool
}

// maxAttempts bounds the mechanisms tried on one connection.
const maxAttempts = 3

// Authenticate authenticates on the connection of s over c and returns how. Nothing is sent
// that [Gate] does not let through, and a [Token] only over TLS even if
// insecure is true. Mechanisms are tried in order of strength, the next one
// only if the server refused the last for its own sake and not for the
// credentials, at most three. Once a mechanism that binds to the channel was
// refused, or one whose refusal may mean that the server's list was edited,
// nothing that shows the password is tried any more; nor where the Dialer's
// Memory forbids it ([peers.Rules]), which is a violation with reason
// policy.ErrAuthLowered.
//
// The error is a [*policy.Violation] of the gate or of the protocol, an
// [*Error], or that of the connection. After an error the connection must be
// closed. What the server says is freed of secrets that it repeats.
func Authenticate(ctx context.Context, s *dial.Setup, c Carrier, creds Credentials, insecure bool) (dial.Login, error) {
	if creds == nil {
		return dial.Login{}, cancelled(errors.New("no credentials"))
	}
	if err := creds.check(); err != nil {
		return dial.Login{}, cancelled(err)
	}
	if err := gate(s, creds, insecure); err != nil {
		return dial.Login{}, err
	}
	on := newSite(c, s.Security())
	list, err := creds.candidates(on)
	if err != nil {
		return dial.Login{}, cancelled(err)
	}
	list, err = heldTo(s.HeldToSCRAM(), on, list)
	switch {
	case err != nil:
		return dial.Login{}, err
	case len(list) == 0:
		return dial.Login{}, &Error{Kind: KindMechanism, Offered: on.offered(), Acceptable: creds.acceptable()}
	}
	t := &trial{setup: s, on: on, witness: &witness{Carrier: c}}
	login, err := t.run(ctx, list[:min(len(list), maxAttempts)])
	if err == nil {
		s.MechanismsListed(ctx, on.Mechanisms())
	}
	return login, err
}

// cancelled is the error of credentials that cannot be used.
func cancelled(err error) error { return &Error{Kind: KindCancelled, Err: err} }

// trial is the attempts of one authentication.
type trial struct {
	setup   *dial.Setup
	on      site
	witness *witness
	unbound error // why channel binding was given up, if it was
}

func (t *trial) run(ctx context.Context, list []attempt) (dial.Login, error) {
	for {
		if ctx.Err() != nil {
			return dial.Login{}, wire.ContextError(ctx)
		}
		a := list[0]
		list = list[1:]
		login := dial.Login{Mechanism: a.mechanism, Binding: a.binding, Unbound: t.unbound}
		refused, err := t.once(ctx, a)
		t.tell(login, refused, err)
		switch {
		case err != nil:
			return dial.Login{}, err
		case refused == nil:
			return login, nil
		}
		if err := t.mayGoOn(ctx, a, refused, len(list) > 0); err != nil {
			return dial.Login{}, err
		}
	}
}

// once makes one attempt. An error means that the connection is not to be used
// any more, refused that the server said no.
func (t *trial) once(ctx context.Context, a attempt) (refused *Error, err error) {
	answer, err := a.run(ctx, t.witness)
	switch {
	case err != nil:
		return nil, t.witness.cleanError(named(err, a.mechanism))
	case answer.Status == Accepted:
		return nil, t.witness.cleanError(t.witness.Finish())
	}
	refused = &Error{Kind: answer.Kind, Mechanism: a.mechanism, Reply: wire.Printable(t.witness.clean(answer.Reply)), Offered: t.on.offered(), guessed: answer.Guessed}
	if answer.token != nil {
		refused.Err = t.witness.cleanToken(answer.token)
	}
	return refused, nil
}

// mayGoOn returns nil if the next attempt may be made, else what to fail with.
func (t *trial) mayGoOn(ctx context.Context, a attempt, refused *Error, more bool) error {
	if a.binding != "" {
		return t.unbind(ctx, a, refused, more)
	}
	if more && !a.last && refused.Kind == KindMechanism {
		return nil
	}
	return refused
}

// unbind decides about a login without channel binding when one with it was
// refused. Some servers list what they cannot do; somebody with a certificate
// of his own between us and the server looks the same. A verdict on the
// credentials is none on the binding.
func (t *trial) unbind(ctx context.Context, a attempt, refused *Error, more bool) error {
	if !refused.guessed && refused.Kind != KindMechanism && refused.Kind != KindRefused {
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

func (t *trial) tell(l dial.Login, refused *Error, err error) {
	if refused != nil {
		err = refused
	}
	t.setup.LoginTried(l, err)
}

// named puts the mechanism into an error of an exchange.
func named(err error, mechanism string) error {
	var own *Error
	if errors.As(err, &own) && own.Mechanism == "" {
		own.Mechanism = mechanism
	}
	return err
}
