package auth

import (
	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
)

// gate returns a violation if credentials must not cross the connection: with
// reason policy.ErrCleartextAuth if it has no TLS, policy.ErrUnverifiedAuth if
// the server was not verified, unless the credentials say that they may.
func gate(at *dial.Setup, t terms) error {
	switch {
	case !at.Encrypted() && !t.cleartext:
		return violation(at.Endpoint(), policy.ErrCleartextAuth)
	case at.Encrypted() && at.Verified() == trust.None && !t.unverified:
		return violation(at.Endpoint(), policy.ErrUnverifiedAuth)
	}
	return nil
}

func violation(e dial.Endpoint, reason error) *policy.Violation {
	return &policy.Violation{Policy: e.Policy, Protocol: e.Protocol, Reason: reason}
}
