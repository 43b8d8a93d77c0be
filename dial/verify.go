package dial

import (
	"errors"

	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/internal/verify"
)

// verifyServer sets the verification of the server in the config of the call: of the
// certificate, the pins, the caller's VerifyConnection and the record of the server.
func (c *call) verifyServer(pins []Pin) error {
	v := verify.Standard(c.tls)
	if len(pins) > 0 {
		switch {
		case c.tls.InsecureSkipVerify:
			return errors.New("there is a pin for the endpoint, and TLSConfig has InsecureSkipVerify")
		case c.tls.VerifyPeerCertificate != nil:
			return errors.New("there is a pin for the endpoint, and TLSConfig has VerifyPeerCertificate: use VerifyConnection")
		}
		c.tls.InsecureSkipVerify = true // verify.PKIX verifies in place of crypto/tls
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
