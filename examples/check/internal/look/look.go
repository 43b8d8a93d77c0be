// Package look looks at endpoints and domains, and writes down what it sees.
//
// It makes one connection for each policy that has a meaning on the port of an endpoint,
// one for a login if there are credentials, and on ports for implicit TLS two more, which
// ask for versions of TLS that the library never speaks. It sends no mail and reads none.
package look

import (
	"context"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/policy"
)

// Looker is how to look.
type Looker struct {
	// Dialer makes all connections. Its Timeout bounds each of them; its hooks are not
	// used.
	Dialer *dial.Dialer
	// Auth logs in where the server was verified. nil logs in nowhere.
	Auth auth.Credentials
	User string // of Auth, to be shown
	// Transcripts keeps what both sides say, without secrets.
	Transcripts bool
	// Clock returns a clock for one connection. nil means the system's for all.
	Clock func() func() time.Time
}

// Endpoint looks at one endpoint. What fails is in the result, and so are texts of the
// server, cut to a sane length. about says why the endpoint is looked at.
func (l *Looker) Endpoint(ctx context.Context, e dial.Endpoint, about string) report.Endpoint {
	seen := report.Endpoint{URL: e, About: about}
	for _, how := range policies(e.Policy) {
		e.Policy = how
		v := l.visit(ctx, e, nil)
		v.addTo(&seen)
		if v.outcome.Reason == report.Unreachable {
			break // the other policies would not get further
		}
	}
	seen.URL.Policy = seen.Main().Policy
	if seen.Implicit() && speaks(seen.Main().Reason) {
		seen.OldTLS = l.oldTLS(ctx, seen.URL)
	}
	if !seen.Implicit() && seen.Clear != nil {
		seen.STARTTLS = upgrade(&seen)
	}
	if l.Auth != nil && seen.Main().Result == report.Protected {
		seen.Login = l.login(ctx, seen.URL)
	}
	seen.Cut = ended(ctx) != nil
	return seen
}

// policies returns those that have a meaning on the port that a policy is for, the
// strongest first.
func policies(how policy.Policy) []policy.Policy {
	if how == policy.ImplicitTLS {
		return []policy.Policy{policy.ImplicitTLS}
	}
	return []policy.Policy{policy.RequiredSTARTTLS, policy.OpportunisticSTARTTLS, policy.NoTLS}
}

// speaks reports whether a server on a port for implicit TLS may speak TLS at all, so that it
// is worth while to ask it for old versions.
func speaks(why report.Reason) bool {
	return why != report.Unreachable && why != report.Silent && why != report.NotTLS
}

// upgrade says what a server makes of STARTTLS.
func upgrade(e *report.Endpoint) *report.STARTTLS {
	s := &report.STARTTLS{
		Works:    e.Main().Result == report.Protected,
		Required: len(e.Clear.Mechanisms) == 0,
	}
	for _, c := range e.Clear.Capabilities {
		s.Offered = s.Offered || strings.EqualFold(c, "STARTTLS") || strings.EqualFold(c, "STLS")
	}
	for _, o := range e.Outcomes {
		s.Injected = s.Injected || o.Reason == report.Injected
	}
	return s
}

// login tries the credentials in a connection of its own. It returns nil if the run ended
// first.
func (l *Looker) login(ctx context.Context, e dial.Endpoint) *report.Login {
	v := l.visit(ctx, e, l.Auth)
	if v.outcome.Reason == report.Cut {
		return nil
	}
	done := &report.Login{
		User: l.User, Mechanism: v.login.Mechanism, Binding: v.login.Binding,
		Error: v.outcome.Error, Hint: v.outcome.Hint,
	}
	if v.login.Unbound != nil {
		done.Unbound = clip(v.login.Unbound.Error())
	}
	return done
}

// ended returns why a run has ended, and nil if it has not. The network's clock may be a moment
// ahead of the context's.
func ended(ctx context.Context) error {
	if by, limited := ctx.Deadline(); limited && ctx.Err() == nil && !time.Now().Before(by) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

func (l *Looker) clock() func() time.Time {
	if l.Clock == nil {
		return time.Now
	}
	return l.Clock()
}
