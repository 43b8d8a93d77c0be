package dialtest

import (
	"slices"

	"github.com/mailconn/mailconn/dial/dialtest/internal/play"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/policy"
)

// The credentials that a [Connect] must log in with. They are unlikely to
// appear by chance, and no server of this package cares what they are.
const (
	CanaryUser     = "canary-user@mail.test"
	CanaryPassword = "canary-password-6cd3b1"
)

// Report is what the clients of a [CaseServer] did.
type Report struct {
	// Sessions has what each connection's client sent, in the clear and inside
	// TLS, in the order in which they came.
	Sessions []Session
	// Handshakes is how many TLS handshakes were completed, on all connections.
	Handshakes int
	// Transcript is what both sides said, a line "S: ..." or "C: ..." each,
	// printable and clipped.
	Transcript []string

	protocol policy.Protocol
	policy   policy.Policy
}

// Leaks returns those of the canaries that were sent in the clear, on any
// connection; see [Session.Leaks].
func (r Report) Leaks() []string {
	var found []string
	for _, s := range r.Sessions {
		found = append(found, s.Leaks(CanaryUser, CanaryPassword)...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// LoggedIn reports whether the canary's password was sent inside TLS.
func (r Report) LoggedIn() bool {
	return slices.ContainsFunc(r.Sessions, func(s Session) bool {
		return Session{Clear: s.TLS}.Leaks(CanaryPassword) != nil
	})
}

// Forbidden returns the lines that the clients sent in the clear and should
// not have. Under a policy with TLS a client has business with EHLO, HELO,
// LHLO, CAPABILITY, CAPA, STARTTLS, STLS, NOOP, QUIT and LOGOUT before a
// handshake, and with nothing where TLS comes first. Under NoTLS all is
// allowed.
func (r Report) Forbidden() []string {
	var found []string
	for _, s := range r.Sessions {
		for _, line := range script.Forbidden(s.Clear, r.protocol, r.policy) {
			found = append(found, play.Clip(line))
		}
	}
	return found
}
