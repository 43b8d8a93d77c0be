package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/hostname"
	"github.com/mailconn/mailconn/internal/verify"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Inspection has the certificates of a server, to be shown to a person.
type Inspection struct {
	// Endpoint is the endpoint that was dialled, with host and port in canonical
	// form.
	Endpoint Endpoint
	// Chain has the certificates that the server presented, its own first. Their
	// contents are unverified claims of the server. Do not show them unescaped: Names
	// returns the names in a form that is safe to show.
	Chain []*x509.Certificate
	// Err says why the chain does not verify, in at most 512 bytes of printable
	// text. It is nil if the chain verifies.
	Err error
	// Version is the TLS version.
	Version uint16
}

// Pin returns the pin for the server's key, for [Dialer.Pins]. ok is false if the chain
// verifies, so that no pin is needed, and for an RSA key of fewer than 2048 bits, which
// is not accepted with a pin either.
func (i *Inspection) Pin() (pin Pin, ok bool) {
	if i.Err == nil || len(i.Chain) == 0 || verify.WeakKey(i.Chain[:1]) != nil {
		return Pin{}, false
	}
	return Pin{Endpoint: i.Endpoint, Key: trust.HashKey(i.Chain[0])}, true
}

// Names returns the names that the server's certificate claims, made printable, each
// at most 512 bytes long.
func (i *Inspection) Names() []string { return hostname.Claimed(i.Chain) }

// Inspect fetches the certificates that a server presents, so that a program can ask
// "do you trust this server?" when an account is set up. It sends only what leads to
// TLS, and closes the connection. It does not use the Peers and the Pins of d.
//
// If the certificate does not verify, the error is in [Inspection.Err], and Inspect
// returns nil. The errors of Inspect are those of [Dialer.Dial]. A server that does not
// offer TLS is an error with reason policy.ErrNotOffered.
func (d *Dialer) Inspect(ctx context.Context, e Endpoint) (*Inspection, error) {
	blind := *d
	blind.Peers, blind.Pins, blind.OnDowngrade = nil, nil, nil
	c, err := blind.prepare(ctx, e)
	if err == nil && c.endpoint().Policy == policy.NoTLS {
		err = c.fail(errors.New("no-tls has no certificate to inspect: choose a policy with TLS"))
	}
	if err != nil {
		return nil, err
	}
	found := &Inspection{Endpoint: c.endpoint()}
	c.conn.server = verify.Observe(c.tls, func(s tls.ConnectionState, err error) {
		found.Chain, found.Version, found.Err = s.PeerCertificates, s.Version, wire.PrintableError(err)
	})
	conn, err := c.dial(ctx, nil)
	if err == nil {
		conn.Close()
		if d := conn.Security().Downgrade; d != nil {
			err = &Error{Phase: PhaseCapability, Endpoint: c.endpoint(), Err: d}
		}
	}
	if len(found.Chain) == 0 { // what a server says after its certificate does not matter
		return nil, err
	}
	return found, nil
}
