package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
)

// maxAttempts bounds the mechanisms tried on one connection.
const maxAttempts = 3

// attempts are those of one authentication.
type attempts struct {
	offer   offer
	terms   terms
	talk    conversation
	list    []attempt // the one under way, and those that may follow it
	secret  string
	passed  int32 // how many were refused
	renewed bool  // the source was asked a second time
	unbound error // why channel binding was given up, if it was
}

func (t *attempts) run(ctx context.Context) (dial.Login, error) {
	secret, err := t.fetch(ctx, nil)
	if err != nil {
		return dial.Login{}, cancelled(err)
	}
	t.use(secret)
	for {
		if ctx.Err() != nil {
			return dial.Login{}, wire.ContextError(ctx)
		}
		a := t.list[0]
		login := dial.Login{Mechanism: a.name, Unbound: t.unbound}
		if a.binds {
			login.Binding = string(t.offer.channel().Type)
		}
		refused, err := t.once(a)
		switch {
		case err != nil:
			t.offer.setup.LoginTried(login, err)
			return dial.Login{}, err
		case refused == nil:
			t.offer.setup.LoginTried(login, nil)
			return login, nil
		}
		t.offer.setup.LoginTried(login, refused)
		if err := t.next(ctx, a, refused); err != nil {
			return dial.Login{}, err
		}
	}
}

// fetch gets a secret from its source, if there is one.
func (t *attempts) fetch(ctx context.Context, refused *Error) (string, error) {
	if t.terms.source == nil {
		return "", nil
	}
	secret, err := t.terms.source.Secret(ctx, refused)
	if err == nil {
		err = t.terms.checkSecret(secret.Reveal())
	}
	return secret.Reveal(), wire.UnderContext(ctx, err)
}

func (t *attempts) use(secret string) {
	t.secret = secret
	t.talk.Hide(secret)
}

// once makes one attempt. An error means that the connection is not to be used
// any more, refused that the server said no.
func (t *attempts) once(a attempt) (refused *Error, err error) {
	t.talk.begin(a.mechanism)
	answer, err := a.run(&t.talk, use{attempt: a, identity: t.terms.identity, user: t.terms.user, secret: t.secret, on: &t.offer})
	switch {
	case err != nil:
		return nil, t.talk.cleanError(named(err, a.name))
	case answer.Status == Accepted:
		return nil, t.talk.cleanError(t.talk.Finish())
	}
	if answer.Kind == KindTLSRequired && t.offer.setup.Encrypted() {
		answer.advice = "The server wants TLS before a login although this connection has it: something in front of the server may end TLS without its knowledge; ask its operator."
	}
	return &Error{
		Kind:      answer.Kind,
		Guessed:   answer.Guessed,
		Mechanism: a.name,
		Code:      answer.Code,
		Reply:     wire.Printable(t.talk.Clean(answer.Reply)),
		Transient: answer.Transient,
		Offered:   t.offer.names(),
		Err:       t.talk.cleanDetail(answer.detail),
		advice:    answer.advice,
		unread:    answer.unread,
		early:     answer.early,
		ambiguous: answer.Ambiguous,
	}, nil
}

// next chooses the attempt that follows a refused one. If there is none it returns
// the error to fail with.
func (t *attempts) next(ctx context.Context, a attempt, refused *Error) error {
	t.passed++
	rest := t.list[1:]
	more := len(rest) > 0 && t.passed < maxAttempts
	switch {
	case a.binds:
		if err := t.unbind(ctx, refused, more); err != nil {
			return err
		}
		t.list = rest
		return nil
	case a.flag == wouldBind: // the refusal may be the server's word about a list that an attacker has edited
	case more && (refused.Kind == KindMechanism || refused.early && refused.Guessed):
		t.list = rest
		return nil
	case more && refused.Kind == KindCredentials && refused.ambiguous && refused.advice == "" && a.name == sasl.Plain:
		if own := slices.IndexFunc(rest, func(a attempt) bool { return a.name == t.offer.command }); own >= 0 {
			t.list = rest[own : own+1] // it shows no more than PLAIN did
			return nil
		}
	}
	return t.renew(ctx, refused)
}

// renew asks the source for another secret, once, if the server may have refused
// the one it gave. It returns nil if there is one to try, else the error to fail
// with.
func (t *attempts) renew(ctx context.Context, refused *Error) error {
	blamed := refused.Kind == KindCredentials || refused.Kind == KindExpired || refused.Kind == KindRefused && refused.Guessed
	if t.terms.source == nil || t.renewed || !t.talk.shown || !blamed {
		return refused
	}
	t.renewed = true
	told := *refused
	told.Rejected = NewSecret(t.secret)
	secret, err := t.fetch(ctx, &told)
	switch {
	case err != nil:
		failed := *refused
		if failed.Err = err; refused.Err != nil {
			failed.Err = fmt.Errorf("%w; %w", refused.Err, err)
		}
		return &failed
	case secret == t.secret:
		return refused
	}
	t.use(secret)
	return nil
}

// unbind decides about a login without channel binding when one with it was
// refused. Some servers list what they cannot do; an attacker with a certificate
// of their own between client and server looks the same. A refusal of the
// credentials says nothing about the binding.
func (t *attempts) unbind(ctx context.Context, refused *Error, more bool) error {
	if !refused.Guessed && (refused.early || refused.Kind != KindMechanism && refused.Kind != KindRefused) {
		return refused
	}
	failed := *refused
	failed.Kind = KindChannelBinding
	if !more {
		return &failed
	}
	if ask := t.terms.unbound; ask != nil {
		if failed.Err = ask(ctx, refused); failed.Err != nil {
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
