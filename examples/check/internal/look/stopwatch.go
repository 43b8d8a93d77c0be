package look

import (
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// stopwatch takes the time of each phase of one connection.
type stopwatch struct {
	now   func() time.Time
	begin time.Time
	done  []report.Step
}

func newStopwatch(now func() time.Time) *stopwatch {
	return &stopwatch{now: now, begin: now()}
}

// trace returns the hooks for the connection. They run on the goroutine of the call that
// they trace.
func (s *stopwatch) trace() *dial.Trace {
	return &dial.Trace{
		PhaseStart: func(_ dial.Endpoint, p dial.Phase) {
			s.done = append(s.done, report.Step{Phase: p, At: s.now().Sub(s.begin).Microseconds()})
		},
		PhaseDone: func(_ dial.Endpoint, _ dial.Phase, err error) {
			last := &s.done[len(s.done)-1]
			last.Took, last.Fail = s.now().Sub(s.begin).Microseconds()-last.At, err != nil
		},
	}
}
