// Package verify judges servers by their TLS handshakes. A [Verifier] is a
// function from the state of a handshake to a [Verdict]; verifiers compose, and one
// of them is installed into the tls.Config of a connection. A new way to verify a
// server is one more verifier.
package verify

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/mailconn/mailconn/dial/trust"
)

// Verdict is what a verifier says of a server.
type Verdict struct {
	Method trust.Method          // how the server was verified
	Chains [][]*x509.Certificate // the chains to trusted roots, for [trust.PKIX]
	Err    error                 // why the server is not accepted; nil if it is
}

// Verifier judges the server of a handshake.
type Verifier func(tls.ConnectionState) Verdict

// Server is the server of one connection, with the verdict of its handshake.
type Server struct {
	verifier Verifier
	verdict  Verdict
}

// Install makes v the judge of the server in cfg, and drops the VerifyConnection
// that cfg has. The handshake fails with the error of v's verdict.
func Install(cfg *tls.Config, v Verifier) *Server {
	s := &Server{verifier: v}
	cfg.VerifyConnection = s.verify
	return s
}

func (s *Server) verify(state tls.ConnectionState) error {
	s.verdict = s.verifier(state)
	return s.verdict.Err
}

// Verdict returns the verdict of the handshake, and the zero Verdict before it.
func (s *Server) Verdict() Verdict { return s.verdict }

// Then accepts the servers that v accepts and check has nothing against. check
// sees the chains of v's verdict as the verified chains of the connection.
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
