package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"io"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// attempt is one call on its way through the phases. It knows where it is,
// tells the trace, and makes the error if it stops there.
type attempt struct {
	endpoint Endpoint
	trace    Trace
	phase    Phase
	past     *peers.Known
}

func newAttempt(e Endpoint, t *Trace) *attempt {
	a := &attempt{endpoint: e, phase: PhaseConfig}
	if t != nil {
		a.trace = *t
	}
	return a
}

func (a *attempt) enter(p Phase) {
	a.done(nil)
	a.phase = p
	if a.trace.PhaseStart != nil {
		a.trace.PhaseStart(a.endpoint, p)
	}
}

// done ends the current phase.
func (a *attempt) done(err error) {
	if a.phase != PhaseConfig && a.trace.PhaseDone != nil {
		a.trace.PhaseDone(a.endpoint, a.phase, err)
	}
}

// fail ends the attempt.
func (a *attempt) fail(err error) *Error {
	var broken *policy.Violation
	if errors.As(err, &broken) && broken.Policy == 0 {
		broken.Policy, broken.Protocol = a.endpoint.Policy, a.endpoint.Protocol
	}
	phase := a.phase
	if _, ok := remoteAlert(err); ok && (phase == PhaseGreeting || phase == PhaseCapability) {
		phase = PhaseHandshake // TLS 1.3: a server judges our certificate after we are done
	}
	e := &Error{Phase: phase, Endpoint: a.endpoint, Err: err, Known: a.past}
	a.done(e)
	return e
}

// watched runs f and closes c when ctx ends, which ends f. An f that lost this
// race, even at its last instruction, has failed with ctx's error.
func watched(ctx context.Context, c io.Closer, f func() error) error {
	stop := wire.Watch(ctx, c)
	err := f()
	if ended := stop(); ended != nil {
		return ended
	}
	return err
}

func (a *attempt) decided(action upgrade.Action, reason error) {
	if a.trace.Decided == nil {
		return
	}
	switch action {
	case upgrade.Demand:
		a.trace.Decided(a.endpoint, DecisionUpgrade, nil)
	case upgrade.SettleInTheClear:
		a.trace.Decided(a.endpoint, DecisionStayInTheClear, nil)
	case upgrade.Fail:
		a.trace.Decided(a.endpoint, DecisionRefuse, reason)
	}
}

func (a *attempt) engine(cfg *tls.Config, localName func() string) *upgrade.Engine {
	e := &upgrade.Engine{
		Policy:    a.endpoint.Policy,
		Protocol:  a.endpoint.Protocol,
		TLS:       cfg,
		LocalName: localName,
		Phase:     func(name string) { a.enter(Phase(name)) },
		Decided:   a.decided,
	}
	if hook := a.trace.HandshakeDone; hook != nil {
		e.Secured = func(s tls.ConnectionState) { hook(a.endpoint, s) }
	}
	return e
}
