package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/internal/wire"
)

// Credentials are what a session authenticates with: [Password], [Token],
// [External], [Anonymous] or what [SASL] returns.
type Credentials interface {
	check() error
	// candidates returns the attempts to make, in this order, given what the
	// server lists.
	candidates(on site) ([]attempt, error)
	// acceptable names the mechanisms that there are candidates of.
	acceptable() []string
}

// Check returns what can be known to be wrong with credentials before any I/O:
// nothing there, CR, LF or NUL in them, or a mechanism that is not known. nil
// credentials are in order.
func Check(c Credentials) error {
	if c == nil {
		return nil
	}
	return c.check()
}

// checkText returns an error that does not show text if it is empty or has CR,
// LF or NUL in it.
func checkText(what, text string) error {
	switch {
	case text == "":
		return fmt.Errorf("no %s", what)
	case wire.CheckLine(text) != nil:
		return fmt.Errorf("%s %w", what, wire.ErrArgument)
	}
	return nil
}

// External lets the server take the identity from the client certificate of
// the TLS handshake, by the SASL mechanism EXTERNAL (RFC 4422 appendix A). The
// certificate is that of the Dialer's TLSConfig.
type External struct{}

func (External) check() error { return nil }

func (External) acceptable() []string { return []string{sasl.External} }

func (External) candidates(on site) ([]attempt, error) {
	if !on.listed(sasl.External) {
		return nil, nil
	}
	return []attempt{saslAttempt(sasl.External, sasl.NewExternalClient(""))}, nil
}

// Anonymous asks to be let in as nobody, by the SASL mechanism ANONYMOUS
// (RFC 4505). No other credentials ever fall back to it.
type Anonymous struct {
	// Trace is what the server may write down about the caller, as a mail
	// address or a word; it may be empty.
	Trace string
}

func (a Anonymous) check() error {
	if wire.CheckLine(a.Trace) != nil {
		return fmt.Errorf("trace %w", wire.ErrArgument)
	}
	return nil
}

func (Anonymous) acceptable() []string { return []string{sasl.Anonymous} }

func (a Anonymous) candidates(on site) ([]attempt, error) {
	if !on.listed(sasl.Anonymous) {
		return nil, nil
	}
	return []attempt{saslAttempt(sasl.Anonymous, anonymous(a.Trace))}, nil
}

// anonymous is go-sasl's client with an initial response that is empty, and
// not absent, if there is no trace.
type anonymous string

func (a anonymous) Start() (string, []byte, error) { return sasl.Anonymous, []byte(a), nil }

func (a anonymous) Next([]byte) ([]byte, error) { return nil, sasl.ErrUnexpectedServerChallenge }

// SASL makes credentials of any go-sasl client. start is called once for each
// attempt to authenticate and its client used once. The server must list the
// client's mechanism.
func SASL(start func() (sasl.Client, error)) Credentials { return custom(start) }

type custom func() (sasl.Client, error)

func (c custom) check() error {
	if c == nil {
		return errors.New("no SASL client")
	}
	return nil
}

func (c custom) acceptable() []string { return nil }

func (c custom) candidates(on site) ([]attempt, error) {
	client, err := c()
	if err != nil {
		return nil, err
	}
	if client == nil {
		return nil, errors.New("no SASL client")
	}
	mechanism, ir, err := client.Start()
	if err != nil {
		return nil, err
	}
	if !on.listed(mechanism) {
		return nil, nil
	}
	return []attempt{{mechanism: mechanism, run: func(_ context.Context, on Carrier) (Answer, error) {
		return exchange(on, client, mechanism, ir)
	}}}, nil
}
