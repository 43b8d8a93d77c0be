package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/internal/wire"
)

// Credentials are what a session authenticates with: [Password], [Token],
// [External], [Anonymous] or [SASL].
type Credentials interface {
	check() error
	// terms returns what the credentials say about the login as a whole.
	terms() terms
	// mechanisms returns the mechanisms that may be used, wherever they exist.
	mechanisms() []*mechanism
	// attempts returns the attempts to make, in this order, given what the server
	// offers.
	attempts(o *offer) ([]attempt, error)
}

// terms are what credentials say about the login as a whole.
type terms struct {
	user        string // "" if the credentials name none
	identity    string // "" for the user's own
	source      Source // nil if the credentials have no secret
	checkSecret func(secret string) error
	ifOffered   bool // no login is in order where the server offers none
	cleartext   bool // may cross a connection without TLS
	unverified  bool // may go to a server that was not verified
	// unbound is asked before the attempt that follows one with channel binding,
	// whatever the server refused but the credentials. It may be nil.
	unbound func(context.Context, *Error) error
}

// attempt is one way to authenticate.
type attempt struct {
	*mechanism
	flag gs2 // SCRAM's
}

// attemptsOf returns an attempt for each of the mechanisms that the server offers.
func attemptsOf(list []*mechanism, o *offer) []attempt {
	var attempts []attempt
	for _, m := range list {
		if m.available(o, m.name) == offered {
			attempts = append(attempts, attempt{mechanism: m})
		}
	}
	return attempts
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
	if text == "" {
		return fmt.Errorf("no %s", what)
	}
	return checkLine(what, text)
}

// checkLine returns an error that does not show text if it has CR, LF or NUL
// in it.
func checkLine(what, text string) error {
	if wire.CheckLine(text) != nil {
		return fmt.Errorf("%s %w", what, wire.ErrArgument)
	}
	return nil
}

// checkSource returns an error if there is no source, or if it is a secret
// that does not pass check.
func checkSource(what string, s Source, check func(secret string) error) error {
	there := s != nil
	switch s := s.(type) {
	case Secret:
		return check(s.Reveal())
	case *Secret:
		if there = s != nil; there {
			return check(s.Reveal())
		}
	case SourceFunc:
		there = s != nil
	}
	if !there {
		return fmt.Errorf("no %s", what)
	}
	return nil
}

// External lets the server take the identity from the client certificate of
// the TLS handshake, by the SASL mechanism EXTERNAL (RFC 4422 appendix A). The
// certificate is that of the Dialer's TLSConfig. External is used only over TLS
// with a server that was verified.
type External struct {
	// Identity is the identity to act as (RFC 4422 §2), for a certificate that may
	// act as several. If it is empty the server derives one from the certificate.
	Identity string
}

func (e External) check() error { return checkLine("identity", e.Identity) }

func (e External) terms() terms { return terms{identity: e.Identity} }

func (External) mechanisms() []*mechanism {
	return []*mechanism{{name: sasl.External, open: true, available: listed, run: func(c *conversation, u use) (Answer, error) {
		return exchange(c, sasl.NewExternalClient(u.identity))
	}}}
}

func (e External) attempts(o *offer) ([]attempt, error) {
	return attemptsOf(e.mechanisms(), o), nil
}

// Anonymous asks to be let in without an identity, by the SASL mechanism
// ANONYMOUS (RFC 4505). No other credentials ever fall back to it. Anonymous is
// used only over TLS with a server that was verified.
type Anonymous struct {
	// Trace is what the server may write down about the caller, as a mail
	// address or a word; it may be empty.
	Trace string
}

func (a Anonymous) check() error { return checkLine("trace", a.Trace) }

func (a Anonymous) terms() terms { return terms{user: a.Trace} }

func (Anonymous) mechanisms() []*mechanism {
	return []*mechanism{{name: sasl.Anonymous, open: true, available: listed, run: func(c *conversation, u use) (Answer, error) {
		return exchange(c, anonymous(u.user))
	}}}
}

func (a Anonymous) attempts(o *offer) ([]attempt, error) {
	return attemptsOf(a.mechanisms(), o), nil
}

// anonymous is go-sasl's client with an initial response that is empty, and
// not absent, if there is no trace.
type anonymous string

func (a anonymous) Start() (string, []byte, error) { return sasl.Anonymous, []byte(a), nil }

func (a anonymous) Next([]byte) ([]byte, error) { return nil, sasl.ErrUnexpectedServerChallenge }

// SASL are credentials of any go-sasl client. The server must list the client's
// mechanism.
type SASL struct {
	// Start makes the client, which is used once. It is called once for each
	// login, before anything is sent for it.
	Start func() (sasl.Client, error) `json:"-"`

	// InsecureCleartext sends what the client says over a connection without
	// TLS, where anyone on the way can read it.
	InsecureCleartext bool
	// InsecureUnverified sends it over TLS to a server whose certificate was not
	// verified, which may be anyone.
	InsecureUnverified bool
}

func (c SASL) check() error {
	if c.Start == nil {
		return errors.New("SASL.Start is nil")
	}
	return nil
}

func (c SASL) terms() terms {
	return terms{cleartext: c.InsecureCleartext, unverified: c.InsecureUnverified}
}

func (SASL) mechanisms() []*mechanism { return nil }

func (c SASL) attempts(o *offer) ([]attempt, error) {
	client, err := c.Start()
	if err != nil {
		return nil, err
	}
	if client == nil {
		return nil, errors.New("SASL.Start has returned no client")
	}
	name, ir, err := client.Start()
	if err != nil {
		return nil, err
	}
	m := &mechanism{name: name, custom: true, available: listed, run: func(c *conversation, u use) (Answer, error) {
		return exchange(c, started{client, name, ir})
	}}
	m.shows = slices.ContainsFunc(passwordMechanisms, func(known *mechanism) bool { return known.name == name && known.shows })
	return attemptsOf([]*mechanism{m}, o), nil
}

// started is a SASL client that has started.
type started struct {
	sasl.Client
	name string
	ir   []byte
}

func (s started) Start() (string, []byte, error) { return s.name, s.ir, nil }
