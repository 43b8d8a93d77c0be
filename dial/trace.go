package dial

import (
	"crypto/tls"
	"log/slog"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/wire"
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

// LogTrace returns a Trace that writes to log: phases at level Debug, what the policy
// decided and handshakes at Info, what failed at Error. The Trace has no state, so it
// may serve any number of dials at once; the times of the records tell how long a
// phase took.
func LogTrace(log *slog.Logger) *Trace {
	return &Trace{
		PhaseStart: func(e Endpoint, p Phase) { log.Debug("phase begins", "endpoint", e, "phase", p) },
		PhaseDone: func(e Endpoint, p Phase, err error) {
			if err != nil {
				log.Error("phase failed", "endpoint", e, "phase", p, "error", err)
				return
			}
			log.Debug("phase done", "endpoint", e, "phase", p)
		},
		Decided: func(e Endpoint, d Decision, _ error) { log.Info("policy decided", "endpoint", e, "decision", d) },
		HandshakeDone: func(e Endpoint, s tls.ConnectionState) {
			log.Info("handshake done", "endpoint", e, "version", tls.VersionName(s.Version), "resumed", s.DidResume)
		},
		Remembered: func(e Endpoint, _ peers.Record, err error) {
			if err != nil {
				log.Error("peers not remembered", "endpoint", e, "error", wire.Printable(err.Error()))
			}
		},
		LoginTried: func(e Endpoint, l Login, err error) {
			log.Info("login tried", "endpoint", e, "login", l.String(), "error", err)
		},
	}
}
