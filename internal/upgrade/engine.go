package upgrade

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/policy"
)

// Engine upgrades one connection.
type Engine struct {
	Policy   policy.Policy
	Protocol line.Protocol
	Past     Past        // what is remembered of the server
	TLS      *tls.Config // used as it is, and not changed
	Caller   Caller
}

// Result is a connection in the state that its policy demands.
type Result struct {
	Conn   net.Conn  // the TLS connection, or the raw one
	TLS    *tls.Conn // whose state it is; nil in the clear
	Unread []byte    // read from Conn already, and part of the session

	// Greeting is the server's over Conn, with the capabilities that it has listed there,
	// nil if they are not known. Nothing from before TLS is kept.
	Greeting line.Greeting

	// Downgrade says why a connection under OpportunisticSTARTTLS is in the clear.
	// It is nil otherwise.
	Downgrade *policy.Violation
}

// Run upgrades raw as the policy demands. It does not close raw: the caller does so
// when ctx ends, which ends Run, and after an error.
func (e *Engine) Run(ctx context.Context, raw net.Conn) (Result, error) {
	r := &run{Engine: *e, ctx: ctx, raw: raw}
	if e.Policy != policy.ImplicitTLS { // which reads no line before TLS
		r.use(raw)
	}
	event := Connected
	for {
		action, reason := Decide(e.Policy, e.Protocol.ListFirst, e.Past, event)
		if reason != nil || action >= Demand {
			e.Caller.Decided(action, reason)
		}
		var err error
		switch action {
		case Greet:
			event, err = r.greet()
		case Ask:
			event, err = r.ask()
		case Demand:
			event, err = r.demand()
		case Handshake:
			event, err = r.handshake()
		case SettleInTheClear:
			return r.settleInTheClear()
		case Settle:
			return r.settle()
		default:
			return Result{}, r.violation(reason)
		}
		if err != nil {
			return Result{}, err
		}
	}
}

func (r *run) settle() (Result, error) {
	if err := r.dialect.Ready(r.list); err != nil {
		return Result{}, err
	}
	r.greeting.Capabilities = r.list
	return Result{Conn: r.conn, TLS: r.tls, Unread: r.lines.Take(), Greeting: r.greeting}, nil
}

func (r *run) settleInTheClear() (Result, error) {
	if r.list == nil {
		list, err := r.dialect.WithoutList(r.refusal, false)
		if err != nil {
			return Result{}, err
		}
		r.list = list
	}
	res, err := r.settle()
	if err != nil {
		return Result{}, err
	}
	res.Downgrade = r.violation(policy.ErrNotOffered)
	return res, nil
}
