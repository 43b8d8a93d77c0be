package auth

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/emersion/go-sasl"
)

// maxSteps bounds the challenges of one exchange; no mechanism has half as
// many.
const maxSteps = 10

// refusal is the error of a mechanism whose challenge was the server's refusal.
// The server's final answer is still to come, and decides.
type refusal struct {
	response []byte // what the mechanism answers the challenge with
	kind     Kind   // what the challenge tells, "" for nothing
	guessed  bool
	detail   error // as in Answer
}

func (*refusal) Error() string { return "refused in a challenge" }

// An indifferent mechanism is one that is sent challenges in text that is no
// base64, by servers that mean people to read them. It is told of an empty
// challenge then.
type indifferent interface{ indifferent() }

// exchange runs one SASL exchange to its end.
func exchange(c *conversation, client sasl.Client) (Answer, error) {
	mechanism, ir, err := client.Start()
	if err != nil {
		return Answer{}, cancelled(err)
	}
	a, sent, err := c.start(mechanism, ir)
	if err == nil && ir != nil && !sent {
		a, err = sendInitial(c, a, ir)
	}
	for step := range maxSteps {
		switch {
		case err != nil:
			return Answer{}, err
		case a.Status == Accepted:
			return a, complete(client)
		case a.Status != Challenge:
			return a, nil
		}
		response, nextErr := next(client, a.Challenge)
		var said *refusal
		switch refused := errors.As(nextErr, &said); {
		case step == 0 && sent && (errors.Is(nextErr, sasl.ErrUnexpectedServerChallenge) || refused && said.kind == ""):
			a, err = c.repeat(ir) // the server did not take the initial response, and asks for it
		case refused:
			return conclude(c, said)
		case nextErr != nil:
			return Answer{}, cancel(c, nextErr)
		default:
			a, err = c.respond(response)
		}
	}
	return Answer{}, cancel(c, errors.New("too many challenges"))
}

// next returns the response to a challenge, which must be strict base64
// (RFC 4954 §4, RFC 5034 §4) unless the mechanism does not care.
func next(client sasl.Client, challenge string) ([]byte, error) {
	decoded, err := base64.StdEncoding.Strict().DecodeString(challenge)
	if _, ok := client.(indifferent); ok && err != nil {
		decoded, err = nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sasl.ErrUnexpectedServerChallenge, err)
	}
	return client.Next(decoded)
}

// sendInitial sends the initial response in answer to the challenge that asks
// for it. A server that accepts before it has seen it has authenticated no user.
func sendInitial(c *conversation, a Answer, ir []byte) (Answer, error) {
	switch a.Status {
	case Challenge:
		return c.respond(ir)
	case Accepted:
		return Answer{}, errEarly()
	}
	return a, nil
}

// conclude answers a challenge that was a refusal, as it must be answered
// (RFC 7628 §3.2.3), and returns the server's final answer. What the challenge told
// counts only where the final answer does not tell.
func conclude(c *conversation, said *refusal) (Answer, error) {
	a, err := c.repeat(said.response)
	switch {
	case err != nil:
		return Answer{}, err
	case a.Status == Challenge:
		return Answer{}, cancel(c, errors.New("challenge after a refusal"))
	case a.Status == Accepted:
		return Answer{}, &Error{Kind: KindProtocol, Err: errors.New("server accepted what it had refused")}
	}
	a.detail = said.detail
	if said.kind != "" && (a.Guessed || a.Kind == KindCredentials && !said.guessed) {
		a.Kind, a.Guessed, a.early = said.kind, said.guessed, false
		if a.Kind == KindCredentials && a.Guessed && !c.shown {
			a.Kind = KindRefused
		}
	}
	return a, nil
}

// complete returns an error if a mechanism is not at its end although the
// server is. Those of go-sasl do not tell; ours do.
func complete(client sasl.Client) error {
	if c, tells := client.(interface{ complete() error }); tells {
		return c.complete()
	}
	return nil
}

// cancel tells the server that the challenge will not be answered, as every
// protocol wants. Whether that arrives makes no difference any more.
func cancel(c *conversation, why error) error {
	c.Cancel()
	var own *Error
	if errors.As(why, &own) {
		return own
	}
	return &Error{Kind: KindProtocol, Err: why}
}
