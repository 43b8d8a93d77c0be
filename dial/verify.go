package dial

import (
	"errors"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/verify"
)

// verifyServer puts into the call's config what judges the server: the
// certificate, the pins, the caller's own check, and what is remembered.
func (c *call) verifyServer(pins []Pin) error {
	v := verify.Standard(c.tls)
	if len(pins) > 0 {
		switch {
		case c.tls.InsecureSkipVerify:
			return errors.New("there is a pin for the endpoint, and TLSConfig has InsecureSkipVerify")
		case c.tls.VerifyPeerCertificate != nil:
			return errors.New("there is a pin for the endpoint, and TLSConfig has VerifyPeerCertificate: use VerifyConnection")
		}
		c.tls.InsecureSkipVerify = true // what crypto/tls would do is part of the verifier
		v = pinned(verify.PKIX(c.tls), pins)
	}
	v = verify.StrongKeys(v)
	if own := c.tls.VerifyConnection; own != nil {
		v = verify.Then(v, own)
	}
	c.server = verify.Install(c.tls, verify.Then(v, c.memory.CheckVersion))
	return nil
}

// pinned returns the verifier for an endpoint with pins.
func pinned(v verify.Verifier, pins []Pin) verify.Verifier {
	var keys []trust.KeyHash
	exclusive := false
	for _, p := range pins {
		keys = append(keys, p.Key)
		exclusive = exclusive || p.Exclusive
	}
	return verify.Pinned(v, keys, exclusive)
}
