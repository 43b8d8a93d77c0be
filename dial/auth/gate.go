package auth

import (
	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// Gate returns a violation if credentials must not cross the connection: with reason
// policy.ErrCleartextAuth if it has no TLS, policy.ErrUnverifiedAuth if the
// server's certificate was not verified. insecure is the caller's explicit
// word that they may.
func Gate(s *dial.Setup, insecure bool) error {
	at := s.Security()
	switch {
	case insecure:
		return nil
	case !at.Encrypted():
		return violation(at, policy.ErrCleartextAuth)
	case at.Verified == trust.None:
		return violation(at, policy.ErrUnverifiedAuth)
	}
	return nil
}

// gate is Gate for certain credentials: a token in the clear is anybody's who
// hears it, and so no word of the caller's opens the gate for it (RFC 7628 §3,
// RFC 6750 §5.3).
func gate(s *dial.Setup, creds Credentials, insecure bool) error {
	if _, token := creds.(Token); token && !s.Security().Encrypted() {
		insecure = false
	}
	return Gate(s, insecure)
}

func violation(s dial.Security, reason error) *policy.Violation {
	return &policy.Violation{Policy: s.Endpoint.Policy, Protocol: s.Endpoint.Protocol, Reason: reason}
}
