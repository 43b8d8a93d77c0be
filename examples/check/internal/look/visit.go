package look

import (
	"context"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/policy"
)

// visit is one connection, from the greeting to the farewell.
type visit struct {
	at       time.Time // when it began
	outcome  report.Outcome
	tls      *report.TLS
	chain    []report.Certificate
	greeting string
	offer    *report.Offer // nil if the session did not begin
	login    dial.Login
}

// visit connects under the policy of e, begins a session and takes leave.
func (l *Looker) visit(ctx context.Context, e dial.Endpoint, creds auth.Credentials) *visit {
	script, steps := &transcript{tagged: e.Protocol == policy.IMAP}, newStopwatch(l.clock())
	d := *l.Dialer
	if d.Trace = steps.trace(); l.Transcripts {
		d.Transcript = script
	}

	v := &visit{at: steps.begin}
	if err := v.session(ctx, &d, e, creds); err != nil {
		v.outcome = failure(ctx, err)
		if v.chain == nil {
			v.chain = certificates(presented(err), v.at)
		}
	}
	v.outcome.Policy = e.Policy
	v.outcome.Steps, v.outcome.Transcript = steps.done, script.lines()
	return v
}

// session fills in what the connection shows.
func (v *visit) session(ctx context.Context, d *dial.Dialer, e dial.Endpoint, creds auth.Credentials) error {
	conn, err := d.Dial(ctx, e)
	if err != nil {
		return err
	}
	s := conn.Security()
	v.outcome = achieved(s)
	v.greeting = clip(conn.Greeting())
	if s.Encrypted() {
		v.tls, v.chain = handshake(s, v.at), certificates(s.TLS.PeerCertificates, v.at)
	}
	listed, err := converse(ctx, conn, creds)
	if err != nil {
		return err
	}
	v.login, v.offer = listed.login, offer(e.Protocol, listed.capabilities)
	return nil
}

// addTo adds what the connection has shown to what is known of the endpoint. The first
// connection with TLS counts, which is that of the strongest policy.
func (v *visit) addTo(e *report.Endpoint) {
	e.Outcomes = append(e.Outcomes, v.outcome)
	switch {
	case v.outcome.Policy == policy.NoTLS:
		e.Clear, e.Greeting = v.offer, v.greeting
	case e.Chain == nil:
		e.TLS, e.Chain = v.tls, v.chain
		if v.tls != nil {
			e.Inside, e.Greeting = v.offer, v.greeting
		}
	}
}
