package dialtest

import (
	"slices"

	"github.com/mailconn/mailconn/dial/dialtest/internal/play"
	"github.com/mailconn/mailconn/internal/test/script"
	"github.com/mailconn/mailconn/policy"
)

// The credentials that a [Connect] must log in with. They are unlikely to occur by
// chance. The servers of the catalogue accept any.
const (
	CanaryUser     = "canary-user@mail.test"
	CanaryPassword = "canary-password-6cd3b1"
)

// Report is what the clients of a [CaseServer] did.
type Report struct {
	// Sessions has what the client sent on each connection, in the order in which they
	// were made.
	Sessions []Session
	// Handshakes is how many TLS handshakes were completed, on all connections.
	Handshakes int
	// Transcript has what both sides sent, in lines "S: ..." and "C: ...", made
	// printable and shortened.
	Transcript []string

	protocol policy.Protocol
	policy   policy.Policy
}

// Leaks returns which of [CanaryUser] and [CanaryPassword] were sent in the clear, on any
// connection; see [Session.Leaks].
func (r Report) Leaks() []string {
	var found []string
	for _, s := range r.Sessions {
		found = append(found, s.Leaks(CanaryUser, CanaryPassword)...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// LoggedIn reports whether [CanaryPassword] was sent inside TLS.
func (r Report) LoggedIn() bool {
	return slices.ContainsFunc(r.Sessions, func(s Session) bool {
		return Session{Clear: s.TLS}.Leaks(CanaryPassword) != nil
	})
}

// Forbidden returns the lines that the clients should not have sent in the clear. Under
// the two policies with STARTTLS a client may send EHLO, HELO, LHLO, CAPABILITY, CAPA,
// STARTTLS, STLS, NOOP, QUIT and LOGOUT before the handshake. Under ImplicitTLS it may
// send nothing, and under NoTLS anything.
func (r Report) Forbidden() []string {
	var found []string
	for _, s := range r.Sessions {
		for _, line := range script.Forbidden(s.Clear, r.protocol, r.policy) {
			found = append(found, play.Clip(line))
		}
	}
	return found
}
