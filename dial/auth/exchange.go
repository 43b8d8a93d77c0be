package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// A Carrier carries an authentication in the lines of one protocol. Its
// methods return an error if the connection is of no use any more, and an
// [Answer] for what the server said. Text of the server in an Answer is as the
// server sent it.
type Carrier interface {
	// Mechanisms returns the SASL mechanisms that the server lists.
	Mechanisms() []string
	// Start sends the command that begins an exchange. If the initial response
	// ir can go with it, it does and sent is true; nil means there is none.
	Start(mechanism string, ir []byte) (a Answer, sent bool, err error)
	// Respond sends a response to a challenge.
	Respond(response []byte) (Answer, error)
	// Cancel ends an exchange that waits for a response.
	Cancel() error
	// OwnLogin names the protocol's command for a user and a password without
	// SASL, "" if it has none or the server does not take it.
	OwnLogin() string
	// Login sends that command.
	Login(user, password string) (Answer, error)
	// Finish does what the protocol wants done after a login.
	Finish() error
}

// Status is what a server's answer means.
type Status uint8

const (
	Refused   Status = iota // the attempt is over and failed
	Accepted                // the attempt is over: we are logged in
	Challenge               // a response is awaited
)

// Answer is what a server says in an authentication.
type Answer struct {
	Status    Status
	Challenge string // in base64, as the server sent it, for a Challenge
	Kind      Kind   // why it was Refused
	Reply     string // its words, for a Refused
}

// maxSteps bounds the challenges of one exchange; no mechanism has half as
// many.
const maxSteps = 10

// maxAttempts bounds the mechanisms tried on one connection.
const maxAttempts = 3

// Gate returns a violation if credentials must not cross conn: with reason
// policy.ErrCleartextAuth if it has no TLS, policy.ErrUnverifiedAuth if the
// server's certificate was not verified. insecure is the caller's explicit
// word that they may.
func Gate(conn *dial.Conn, insecure bool) error {
	var s dial.Security
	if conn != nil {
		s = conn.Security()
	}
	switch {
	case insecure:
		return nil
	case !s.Encrypted():
		return violation(s, policy.ErrCleartextAuth)
	case s.Verified == dial.NotVerified:
		return violation(s, policy.ErrUnverifiedAuth)
	}
	return nil
}

func violation(s dial.Security, reason error) error {
	return &policy.Violation{Policy: s.Endpoint.Policy, Protocol: s.Endpoint.Protocol, Reason: reason}
}

// Authenticate authenticates on conn over c and returns the mechanism that
// succeeded. Nothing is sent that [Gate] does not let through. Mechanisms are
// tried in order of strength, the next one only if the server refused the last
// for its own sake and not for the credentials.
//
// The error is a [*policy.Violation] of the gate or of the protocol, an
// [*Error], or that of the connection. After an error the connection must be
// closed. What the server says is freed of secrets that it repeats.
func Authenticate(ctx context.Context, conn *dial.Conn, c Carrier, creds Credentials, insecure bool) (mechanism string, err error) {
	if creds == nil {
		return "", &Error{Kind: KindCancelled, Err: errors.New("no credentials")}
	}
	if err := creds.check(); err != nil {
		return "", &Error{Kind: KindCancelled, Err: err}
	}
	if err := Gate(conn, insecure); err != nil {
		return "", err
	}
	list, err := creds.candidates(c)
	if err != nil {
		return "", &Error{Kind: KindCancelled, Err: err}
	}
	w := &witness{Carrier: c}
	last := &Error{Kind: KindMechanism, Offered: offered(c)}
	for _, a := range list[:min(len(list), maxAttempts)] {
		if ctx.Err() != nil {
			return "", wire.ContextError(ctx)
		}
		answer, err := a.run(w)
		switch {
		case err != nil:
			return "", w.cleanError(named(err, a.mechanism))
		case answer.Status == Accepted:
			return a.mechanism, w.cleanError(c.Finish())
		}
		last = &Error{Kind: answer.Kind, Mechanism: a.mechanism, Reply: wire.Printable(w.clean(answer.Reply)), Offered: offered(c)}
		if last.Kind != KindMechanism {
			break
		}
	}
	return "", last
}

// named puts the mechanism into an error of an exchange.
func named(err error, mechanism string) error {
	var own *Error
	if errors.As(err, &own) && own.Mechanism == "" {
		own.Mechanism = mechanism
	}
	return err
}

func saslAttempt(mechanism string, client sasl.Client) attempt {
	return attempt{mechanism, func(c Carrier) (Answer, error) {
		_, ir, err := client.Start()
		if err != nil {
			return Answer{}, &Error{Kind: KindCancelled, Err: err}
		}
		return exchange(c, client, mechanism, ir)
	}}
}

// exchange runs one SASL exchange to its end.
func exchange(c Carrier, client sasl.Client, mechanism string, ir []byte) (Answer, error) {
	a, sent, err := c.Start(mechanism, ir)
	if err == nil && ir != nil && !sent {
		a, err = sendInitial(c, a, ir)
	}
	for range maxSteps {
		switch {
		case err != nil:
			return Answer{}, err
		case a.Status == Accepted && !done(client):
			return Answer{}, errEarly()
		case a.Status != Challenge:
			return a, nil
		}
		response, nextErr := next(client, a.Challenge)
		if nextErr != nil {
			return Answer{}, cancel(c, nextErr)
		}
		a, err = c.Respond(response)
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
// for it. A server that accepts before it has seen it has not authenticated
// anybody.
func sendInitial(c Carrier, a Answer, ir []byte) (Answer, error) {
	switch a.Status {
	case Challenge:
		return c.Respond(ir)
	case Accepted:
		return Answer{}, errEarly()
	}
	return a, nil
}

func errEarly() error {
	return &Error{Kind: KindProtocol, Err: errors.New("server accepted before it saw credentials")}
}

// done reports whether a mechanism has said all it has to say. Those of go-sasl
// do not tell; ours do.
func done(client sasl.Client) bool {
	c, tells := client.(interface{ done() bool })
	return !tells || c.done()
}

// cancel tells the server that we will not answer, as every protocol wants.
// Whether it hears that makes no difference any more.
func cancel(c Carrier, why error) error {
	c.Cancel()
	return &Error{Kind: KindProtocol, Err: why}
}

func listed(c Carrier, mechanism string) bool {
	for _, m := range c.Mechanisms() {
		if strings.EqualFold(m, mechanism) {
			return true
		}
	}
	return false
}

// offered is what the server takes, for an error's reader.
func offered(c Carrier) []string {
	var list []string
	for _, m := range c.Mechanisms() {
		list = append(list, wire.Printable(m))
	}
	if own := c.OwnLogin(); own != "" {
		list = append(list, own)
	}
	return list
}
