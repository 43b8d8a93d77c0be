package auth

import (
	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// Gate returns a violation if credentials must not cross conn: with reason
// policy.ErrCleartextAuth if it has no TLS, policy.ErrUnverifiedAuth if the
// server's certificate was not verified. insecure is the caller's explicit
// word that they may.
func Gate(conn *dial.Conn, insecure bool) error {
	s := securityOf(conn)
	switch {
	case insecure:
		return nil
	case !s.Encrypted():
		return violation(s, policy.ErrCleartextAuth)
	case s.Verified == trust.None:
		return violation(s, policy.ErrUnverifiedAuth)
	}
	return nil
}

// gate is Gate for certain credentials: a token in the clear is anybody's who
// hears it, and so no word of the caller's opens the gate for it (RFC 7628 §3,
// RFC 6750 §5.3).
func gate(conn *dial.Conn, creds Credentials, insecure bool) error {
	if _, token := creds.(Token); token && !securityOf(conn).Encrypted() {
		insecure = false
	}
	return Gate(conn, insecure)
}

func securityOf(conn *dial.Conn) dial.Security {
	if conn == nil {
		return dial.Security{}
	}
	return conn.Security()
}

func violation(s dial.Security, reason error) *policy.Violation {
	return &policy.Violation{Policy: s.Endpoint.Policy, Protocol: s.Endpoint.Protocol, Reason: reason}
}
