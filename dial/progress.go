package dial

import (
	"context"
	"errors"
	"time"

	"github.com/mailconn/mailconn/internal/protocols"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// progress has the current phase of a connection. It calls the hooks of the trace, and
// makes the error if the connection fails.
type progress struct {
	conn  *Conn
	phase Phase
}

// endpoint returns what is dialled.
func (p *progress) endpoint() Endpoint { return p.conn.security.Endpoint }

// hooks returns the hooks of the trace.
func (p *progress) hooks() Trace {
	if p.conn.trace == nil {
		return Trace{}
	}
	return *p.conn.trace
}

func (p *progress) enter(next Phase) {
	p.done(nil)
	p.phase = next
	if words := p.conn.words; words != nil { // checked here, so that a dial without a transcript makes no arguments
		words.Note("%s", next)
	}
	if hook := p.hooks().PhaseStart; hook != nil {
		hook(p.endpoint(), next)
	}
}

// done ends the current phase. enter begins the next one.
func (p *progress) done(err error) {
	if hook := p.hooks().PhaseDone; hook != nil && p.phase != PhaseConfig {
		hook(p.endpoint(), p.phase, err)
	}
	p.phase = PhaseConfig
}

// fail ends the current phase with err, and returns the error of the call.
func (p *progress) fail(err error) *Error {
	var broken *policy.Violation
	if errors.As(err, &broken) && broken.Policy == 0 {
		broken.Policy, broken.Protocol = p.endpoint().Policy, p.endpoint().Protocol
	}
	phase := p.phase
	if _, ok := wire.RemoteAlert(err); ok && (phase == PhaseGreeting || phase == PhaseCapability) {
		phase = PhaseHandshake // TLS 1.3: a server judges our certificate after we are done
	}
	e := &Error{Phase: phase, Endpoint: p.endpoint(), Err: err, Known: p.conn.security.Known}
	p.conn.words.Note("failed: %v", e)
	p.done(e)
	return e
}

// budget returns the time of a call: a Dialer's Timeout, or that of protocol p if it is zero.
// A dial and the beginning of a session have one budget together.
func budget(ctx context.Context, limit time.Duration, p policy.Protocol) (wire.Budget, context.CancelFunc) {
	if limit == 0 {
		limit = protocols.Of(p).Timeout
	}
	return wire.NewBudget(ctx, limit)
}
