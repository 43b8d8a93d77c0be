package auth

import (
	"encoding/base64"
	"errors"

	"github.com/emersion/go-sasl"
)

// maxSteps bounds the challenges of one exchange; no mechanism has half as
// many.
const maxSteps = 10

// verdict is the error of a mechanism whose challenge was the server's refusal.
// What follows in the exchange adds nothing to it.
type verdict struct {
	response []byte // what the mechanism answers it with, nil to cancel
	answer   Answer
}

func (*verdict) Error() string { return "refused in a challenge" }

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
	for range maxSteps {
		switch {
		case err != nil:
			return Answer{}, err
		case a.Status == Accepted:
			return a, complete(client)
		case a.Status != Challenge:
			return a, nil
		}
		response, nextErr := next(client, a.Challenge)
		var said *verdict
		switch {
		case errors.As(nextErr, &said):
			return conclude(c, said)
		case nextErr != nil:
			return Answer{}, cancel(c, nextErr)
		}
		a, err = c.respond(response)
	}
	return Answer{}, cancel(c, errors.New("too many challenges"))
}

// next returns the response to a challenge, which must be strict base64
// (RFC 4954 §4, RFC 5034 §4).
func next(client sasl.Client, challenge string) ([]byte, error) {
	decoded, err := base64.StdEncoding.Strict().DecodeString(challenge)
	if err != nil {
		return nil, err
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

// conclude ends an exchange that a challenge has decided. The challenge still has
// to be answered, or the server would take the next command for a response
// (RFC 7628 §3.2.3).
func conclude(c *conversation, said *verdict) (Answer, error) {
	if said.response == nil {
		return said.answer, c.Cancel()
	}
	a, err := c.respond(said.response)
	switch {
	case err != nil:
		return Answer{}, err
	case a.Status == Challenge:
		return Answer{}, cancel(c, errors.New("challenge after a refusal"))
	case a.Status == Accepted:
		return Answer{}, &Error{Kind: KindProtocol, Err: errors.New("server accepted what it had refused")}
	}
	said.answer.Reply = a.Reply
	return said.answer, nil
}

func errEarly() error {
	return &Error{Kind: KindProtocol, Err: errors.New("server accepted before it saw credentials")}
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
