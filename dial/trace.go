package dial

import (
	"crypto/tls"
	"log/slog"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/wire"
)

// Decision is what the policy decided after the server's answer.
type Decision string

const (
	DecisionUpgrade        Decision = "upgrade"           // STARTTLS or STLS is demanded
	DecisionStayInTheClear Decision = "stay in the clear" // the visible downgrade
	DecisionRefuse         Decision = "refuse"            // the connection ends with a violation
)

// Trace is a set of hooks that are called during the steps of a connection, in the
// manner of net/http/httptrace. Any of them may be nil. They run on the goroutine of
// the call that they trace, and must not use the connection. No hook gets a secret.
type Trace struct {
	// PhaseStart and PhaseDone are called at the start and the end of each phase, of
	// a dial and of New of a session. The error of the last phase is the error of the
	// call.
	PhaseStart func(Endpoint, Phase)
	PhaseDone  func(Endpoint, Phase, error)
	// Decided is called with the decision of the policy, and the reason of a refusal.
	Decided func(Endpoint, Decision, error)
	// HandshakeDone is called after a handshake that succeeded and was verified.
	HandshakeDone func(Endpoint, tls.ConnectionState)
	// Recalled is called with what the Dialer's Peers have of the server, which is
	// nil if they have nothing, or with their error.
	Recalled func(Endpoint, *peers.Record, error)
	// Remembered is called with a record that was added to the Dialer's Peers, or
	// that was not added because of the error.
	Remembered func(Endpoint, peers.Record, error)
	// LoginTried is called at the end of each login attempt, with its error.
	LoginTried func(Endpoint, Login, error)
}

// LogTrace returns a Trace that writes to log: phases at level Debug, decisions and
// handshakes at Info, and failures at Error. Any number of dials may use it at once.
// The times of the log show how long each phase took.
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
