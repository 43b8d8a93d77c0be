package dial

import (
	"crypto/tls"

	"github.com/mailconn/mailconn/dial/peers"
)

// Decision is what the policy did about a server's offer.
type Decision string

const (
	DecisionUpgrade        Decision = "upgrade"           // STARTTLS or STLS is demanded
	DecisionStayInTheClear Decision = "stay in the clear" // the visible downgrade
	DecisionRefuse         Decision = "refuse"            // the connection ends with a violation
)

// Trace is a set of hooks that are told how a connection comes about, in the
// manner of net/http/httptrace. Any of them may be nil. They are called on the
// goroutine of the call that they trace, and must not use the connection.
//
// No hook is ever given a secret: the lines are those of the phases before
// authentication.
type Trace struct {
	// PhaseStart and PhaseDone frame each phase, of a dial as of a session's
	// New. The error of the last phase is what the call fails with.
	PhaseStart func(Endpoint, Phase)
	PhaseDone  func(Endpoint, Phase, error)
	// Decided is given what the policy decided, and the reason of a refusal.
	Decided func(Endpoint, Decision, error)
	// HandshakeDone is given the state after a handshake that succeeded and
	// was verified.
	HandshakeDone func(Endpoint, tls.ConnectionState)
	// Recalled is given what the Dialer's Peers hold of the server, nil if
	// nothing, or the error with which they could not tell.
	Recalled func(Endpoint, *peers.Record, error)
	// Remembered is given what was added to the Dialer's Peers, or was not
	// because of the error.
	Remembered func(Endpoint, peers.Record, error)
	// LoginTried is told of each attempt to authenticate, when it has ended,
	// with the error that it failed with. Its lines are shown to nobody.
	LoginTried func(Endpoint, Login, error)
}
