// Package verify decides whether the server of a TLS handshake is accepted. A
// [Verifier] is a function from the state of the handshake to a [Verdict]. Verifiers
// compose, and [Install] puts one into the tls.Config of a connection; [ForEndpoint] says
// which a connection has, and in which order. A new way to verify a server is one more
// Verifier.
package verify

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/mailconn/mailconn/dial/trust"
)

// Verdict is the result of a [Verifier].
type Verdict struct {
	Method trust.Method          // how the server was verified
	Chains [][]*x509.Certificate // the chains to trusted roots, or to what else vouches for the server; nil if its own key is trusted
	Name   string                // that the certificate has; "" for the ServerName of the config
	Err    error                 // why the server is not accepted; nil if it is
}

// Verifier decides whether the server of a handshake is accepted.
type Verifier func(tls.ConnectionState) Verdict

// Server holds the verdict on the server of one connection.
type Server struct {
	verifier Verifier
	verdict  Verdict
}

// Install sets the VerifyConnection of cfg to v, in place of any other. The handshake
// fails with the error of v's verdict.
func Install(cfg *tls.Config, v Verifier) *Server {
	s := &Server{verifier: v}
	cfg.VerifyConnection = s.verify
	return s
}

func (s *Server) verify(state tls.ConnectionState) error {
	s.verdict = s.verifier(state)
	return s.verdict.Err
}

// Verdict returns the verdict of the handshake, and the zero Verdict before.
func (s *Server) Verdict() Verdict { return s.verdict }

// Then returns a Verifier that accepts a server if v does and check returns nil. check
// gets the chains of v's verdict as the VerifiedChains of the state.
func Then(v Verifier, check func(tls.ConnectionState) error) Verifier {
	return func(s tls.ConnectionState) Verdict {
		verdict := v(s)
		if verdict.Err == nil {
			s.VerifiedChains = verdict.Chains
			verdict.Err = check(s)
		}
		return verdict
	}
}
