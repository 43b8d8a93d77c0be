package dial

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

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

// pinCheck verifies a server as crypto/tls does, and failing that by its key.
type pinCheck struct {
	pins []Pin
	cfg  *tls.Config // with the roots and the name
	next func(tls.ConnectionState) error

	// What came of it.
	chains [][]*x509.Certificate
	pinned bool
}

// usePins makes cfg accept a server with one of the keys that are pinned for e,
// too. It returns nil if there is none.
func usePins(cfg *tls.Config, all []Pin, e Endpoint) (*pinCheck, error) {
	pins, err := pinsFor(all, e)
	switch {
	case err != nil:
		return nil, err
	case len(pins) == 0:
		return nil, nil
	case cfg.InsecureSkipVerify:
		return nil, errors.New("there is a pin for the endpoint, and TLSConfig has InsecureSkipVerify")
	case cfg.VerifyPeerCertificate != nil:
		return nil, errors.New("there is a pin for the endpoint, and TLSConfig has VerifyPeerCertificate: use VerifyConnection")
	}
	c := &pinCheck{pins: pins, cfg: cfg, next: cfg.VerifyConnection}
	cfg.InsecureSkipVerify = true // what crypto/tls would do is done in verify
	cfg.VerifyConnection = c.verify
	return c, nil
}

// verify prefers a certificate that is valid: a server that gets one is no
// longer bound to its key (RFC 9525 §6.6), unless the caller wants it so.
func (c *pinCheck) verify(s tls.ConnectionState) error {
	chains, err := chainsOf(s.PeerCertificates, c.cfg)
	if err != nil {
		err = &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	switch {
	case !c.has(s.PeerCertificates[0]) && (err != nil || c.exclusive()):
		return &policy.Violation{Reason: policy.ErrPinMismatch, Err: err}
	case err == nil:
		c.chains, s.VerifiedChains = chains, chains
		return c.next(s)
	}
	if weak := weakKey(s.PeerCertificates[:1]); weak != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: weak}
	}
	c.pinned = true
	return c.next(s)
}

func (c *pinCheck) has(leaf *x509.Certificate) bool {
	return slices.ContainsFunc(c.pins, func(p Pin) bool { return p.Key == trust.HashKey(leaf) })
}

func (c *pinCheck) exclusive() bool {
	return slices.ContainsFunc(c.pins, func(p Pin) bool { return p.Exclusive })
}

// chainsOf verifies the certificates that a server presented, as crypto/tls
// does with the same config.
func chainsOf(presented []*x509.Certificate, cfg *tls.Config) ([][]*x509.Certificate, error) {
	options := x509.VerifyOptions{
		Roots:         cfg.RootCAs,
		DNSName:       cfg.ServerName,
		Intermediates: x509.NewCertPool(),
	}
	if cfg.Time != nil {
		options.CurrentTime = cfg.Time()
	}
	for _, cert := range presented[1:] {
		options.Intermediates.AddCert(cert)
	}
	return presented[0].Verify(options)
}
