package dial

import (
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/verify"
	"github.com/mailconn/mailconn/policy"
)

// Pin makes a [Dialer] trust the key of one server whose certificate does not verify
// (RFC 8314 §5.3). It applies to one endpoint, and not to another policy or port of
// the same host.
//
// A program makes a pin when an account is set up, after a person has compared the key
// with what the operator of the server says: see [Dialer.Inspect]. It should not offer
// a pin when an account that worked begins to fail.
type Pin struct {
	Endpoint Endpoint      // the only one that it is for
	Key      trust.KeyHash // of the server's own certificate

	// Exclusive means that only the pinned keys of the endpoint are accepted, and not
	// another key with a certificate that verifies. It is for an operator of both
	// ends: after the key of the server has changed, every dial fails until the pin
	// is changed too.
	Exclusive bool
}

// NewPin returns the pin for the key of leaf, which is the server's own certificate:
// the first of the chain that it presents.
func NewPin(e Endpoint, leaf *x509.Certificate) (Pin, error) {
	n, err := e.normal()
	p := Pin{Endpoint: n}
	if err == nil && leaf == nil {
		err = errors.New("no certificate")
	}
	if err == nil {
		p.Key = trust.HashKey(leaf)
		err = p.check()
	}
	if err != nil {
		return Pin{}, fmt.Errorf("dial: pin: %w", err)
	}
	return p, nil
}

func (p Pin) check() error {
	switch {
	case p.Endpoint.Policy == policy.NoTLS:
		return errors.New("no-tls has no certificate to pin: choose a policy with TLS")
	case p.Key.IsZero():
		return errors.New("no key")
	}
	return p.Endpoint.Validate()
}

// pinsFor returns the pins for e, which is in its canonical form.
func pinsFor(pins []Pin, e Endpoint) (ours verify.Pins, err error) {
	for i, p := range pins {
		if err := p.check(); err != nil {
			return verify.Pins{}, fmt.Errorf("pin %d: %w", i, err)
		}
		if n, _ := p.Endpoint.normal(); n == e {
			ours.Keys = append(ours.Keys, p.Key)
			ours.Exclusive = ours.Exclusive || p.Exclusive
		}
	}
	return ours, nil
}
