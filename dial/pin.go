package dial

import (
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// Pin is a server's key that a person, or whoever runs the server, has vouched
// for: a way to trust one server whose certificate does not verify (RFC 8314
// §5.3). It says nothing about any other endpoint, a different policy or port
// of the same host included.
//
// A pin is made at account set-up, from a certificate that was looked at: see
// [Dialer.Inspect]. It is no answer to a failure of an account that worked.
type Pin struct {
	Endpoint Endpoint      // the only one that it is for
	Key      trust.KeyHash // of the server's own certificate

	// Exclusive means that nothing but the pinned keys of the endpoint is
	// accepted, also no certificate that verifies. It is for who runs both
	// ends: a server with a new key is not reached until the pin is changed.
	Exclusive bool
}

// NewPin returns the pin of a server's own certificate, the first of the chain
// that it presents.
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
		return errors.New("there is no certificate under no-tls")
	case p.Key.IsZero():
		return errors.New("no key")
	}
	return p.Endpoint.Validate()
}

// pinsFor returns the pins for an endpoint in normal form.
func pinsFor(pins []Pin, e Endpoint) ([]Pin, error) {
	var ours []Pin
	for i, p := range pins {
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("pin %d: %w", i, err)
		}
		if n, _ := p.Endpoint.normal(); n == e {
			ours = append(ours, p)
		}
	}
	return ours, nil
}
