package verify

import (
	"crypto/tls"
	"errors"

	"github.com/mailconn/mailconn/dial/trust"
)

// Pins are the keys that are accepted for an endpoint.
type Pins struct {
	Keys      []trust.KeyHash // none: the endpoint has no pin
	Exclusive bool            // other keys are not, also if the certificate verifies
}

// ForEndpoint sets the verification of the server in cfg, which [Config] has made: of the
// certificate, or what [Expect] says in its place, the pins, the caller's VerifyConnection,
// and last what check says, which may be nil.
func ForEndpoint(cfg *tls.Config, x Expectation, pins Pins, check func(tls.ConnectionState) error) (*Server, error) {
	v := Standard(cfg)
	switch {
	case x != nil:
		cfg.InsecureSkipVerify = true // x verifies in place of crypto/tls
		v = x(cfg)
	case len(pins.Keys) > 0 && cfg.InsecureSkipVerify:
		return nil, errors.New("there is a pin for the endpoint, and TLSConfig has InsecureSkipVerify")
	case len(pins.Keys) > 0 && cfg.VerifyPeerCertificate != nil:
		return nil, errors.New("there is a pin for the endpoint, and TLSConfig has VerifyPeerCertificate: use VerifyConnection")
	case len(pins.Keys) > 0:
		cfg.InsecureSkipVerify = true // PKIX verifies in place of crypto/tls
		v = Pinned(PKIX(cfg), pins.Keys, pins.Exclusive)
	}
	v = StrongKeys(v)
	if own := cfg.VerifyConnection; own != nil {
		v = Then(v, own)
	}
	if check != nil {
		v = Then(v, check)
	}
	return Install(cfg, v), nil
}

// Observe sets cfg, which [Config] has made, to accept every server, and to tell see what
// it presents and the error that a dial would have. cfg has no verification of crypto/tls
// after it.
func Observe(cfg *tls.Config, see func(tls.ConnectionState, error)) *Server {
	judge := StrongKeys(PKIX(cfg.Clone()))
	if own := cfg.VerifyConnection; own != nil {
		judge = Then(judge, own)
	}
	cfg.InsecureSkipVerify, cfg.VerifyPeerCertificate, cfg.ClientSessionCache = true, nil, nil
	return Install(cfg, func(s tls.ConnectionState) Verdict {
		see(s, judge(s).Err)
		return Verdict{}
	})
}
