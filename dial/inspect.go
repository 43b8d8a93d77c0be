package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/verify"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Inspection is what a server presents, to be shown to a person.
type Inspection struct {
	// Endpoint is what was dialled, with host and port filled in.
	Endpoint Endpoint
	// Chain is the certificates that the server presented, its own first.
	// Everything in it is the server's claim, and nothing in it is fit to be shown
	// as it is: see Names.
	Chain []*x509.Certificate
	// Err says why the chain does not verify, in at most 512 bytes of printable
	// text. It is nil if the chain verifies.
	Err error
	// Version is the TLS version.
	Version uint16
}

// Pin returns the pin that trusts the server's key for this endpoint, once it is put
// into [Dialer.Pins]. ok is false for a chain that verifies, since there is nothing to
// pin, and for a key that no pin makes acceptable: RSA of fewer than 2048 bits.
func (i *Inspection) Pin() (pin Pin, ok bool) {
	if i.Err == nil || len(i.Chain) == 0 || verify.WeakKey(i.Chain[:1]) != nil {
		return Pin{}, false
	}
	return Pin{Endpoint: i.Endpoint, Key: trust.HashKey(i.Chain[0])}, true
}

// Names returns the names that the server's certificate claims, made printable, each
// at most 512 bytes long.
func (i *Inspection) Names() []string {
	if len(i.Chain) == 0 {
		return nil
	}
	var names []string
	for _, name := range i.Chain[0].DNSNames {
		names = append(names, wire.Printable(name))
	}
	for _, ip := range i.Chain[0].IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// Inspect fetches the certificates that a server presents, so that a program
// can ask "do you trust this server?" when an account is set up. Nothing is sent
// but what leads to TLS, nothing is learned by the [peers.Store], pins are not looked
// at, and the connection is closed.
//
// A certificate that does not verify is no error of Inspect: see
// [Inspection.Err]. An error is a [*Error], as of [Dialer.Dial]; a server that
// offers no TLS is one with reason policy.ErrNotOffered.
func (d *Dialer) Inspect(ctx context.Context, e Endpoint) (*Inspection, error) {
	blind := *d
	blind.Peers, blind.Pins, blind.OnDowngrade = nil, nil, nil
	c, err := blind.prepare(ctx, e)
	if err == nil && c.endpoint.Policy == policy.NoTLS {
		err = c.fail(errors.New("there is no certificate under no-tls"))
	}
	if err != nil {
		return nil, err
	}
	found := &Inspection{Endpoint: c.endpoint}
	c.server = verify.Install(c.tls, found.observe(c.tls))
	conn, err := c.dial(ctx)
	if err == nil {
		conn.Close()
		if d := conn.Security().Downgrade; d != nil {
			err = &Error{Phase: PhaseCapability, Endpoint: c.endpoint, Err: d}
		}
	}
	if len(found.Chain) == 0 { // what a server says behind its certificate does not matter
		return nil, err
	}
	return found, nil
}

// observe returns a verifier that accepts whatever is presented, and notes it
// together with what a dial would say of it. crypto/tls is kept from judging by
// itself.
func (i *Inspection) observe(cfg *tls.Config) verify.Verifier {
	judge := verify.StrongKeys(verify.PKIX(cfg.Clone()))
	if own := cfg.VerifyConnection; own != nil {
		judge = verify.Then(judge, own)
	}
	cfg.InsecureSkipVerify, cfg.VerifyPeerCertificate, cfg.ClientSessionCache = true, nil, nil
	return func(s tls.ConnectionState) verify.Verdict {
		i.Chain, i.Version = s.PeerCertificates, s.Version
		i.Err = wire.PrintableError(judge(s).Err)
		return verify.Verdict{}
	}
}
