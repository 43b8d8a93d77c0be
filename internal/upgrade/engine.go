package upgrade

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Phases in the order in which a connection goes through them.
const (
	PhaseGreeting   = "greeting"
	PhaseCapability = "capability"
	PhaseSTARTTLS   = "starttls"
	PhaseHandshake  = "handshake"
)

// Engine is one upgrade of one connection.
type Engine struct {
	Policy    policy.Policy
	Protocol  line.Protocol
	Past      Past          // what is remembered of the server
	TLS       *tls.Config   // complete; not changed
	LocalName func() string // what SMTP's EHLO says in the clear

	// Phase, Decided and Secured, all optional, are told when a phase begins, what
	// was decided, and of a handshake that succeeded.
	Phase   func(name string)
	Decided func(Action, error)
	Secured func(tls.ConnectionState)
}

// Result is a settled connection.
type Result struct {
	Conn   net.Conn             // the TLS connection, or the raw one
	TLS    *tls.ConnectionState // nil in the clear
	Unread []byte               // what was read and belongs to the session

	// What was learned at the level that Conn has; nothing from before TLS.
	Greeting     string
	Capabilities []string
	Preauth      bool

	// Downgrade says why an opportunistic connection is in the clear.
	Downgrade *policy.Violation
}

// run is the state of an upgrade between two decisions.
type run struct {
	*Engine
	ctx   context.Context
	raw   net.Conn
	conn  net.Conn
	state *tls.ConnectionState
	lines *wire.Lines
	speak line.Dialect

	// What was learned since the connection came to its level.
	greeting line.Greeting
	list     []string   // of capabilities; nil if it is not known
	refusal  line.Reply // of the list, or of the upgrade
}

// Run settles raw as the policy wants. It ends with ctx only as far as raw
// does: the caller closes raw when ctx ends. After an error the caller closes
// raw too.
func (e *Engine) Run(ctx context.Context, raw net.Conn) (*Result, error) {
	r := &run{Engine: e, ctx: ctx, raw: raw}
	r.speakOver(raw)
	event := Connected
	for {
		action, reason := Decide(e.Policy, e.Protocol.ListFirst, e.Past, event)
		if e.Decided != nil && (reason != nil || action >= Demand) {
			e.Decided(action, reason)
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
			return nil, r.violation(reason)
		}
		if err != nil {
			return nil, err
		}
	}
}

// speakOver makes conn the connection that the dialect speaks over, with an
// empty memory of what was said before.
func (r *run) speakOver(conn net.Conn) {
	r.conn, r.lines = conn, wire.NewLines(conn)
	r.speak = r.Protocol.Dialect(r.lines, r.LocalName)
	r.greeting, r.list = line.Greeting{}, nil
}

func (r *run) enter(phase string) {
	if r.Phase != nil {
		r.Phase(phase)
	}
}

func (r *run) settle() (*Result, error) {
	if err := r.speak.Ready(r.list); err != nil {
		return nil, err
	}
	res := &Result{
		Conn:         r.conn,
		TLS:          r.state,
		Unread:       r.lines.Take(),
		Greeting:     r.greeting.Text,
		Capabilities: r.list,
		Preauth:      r.greeting.Preauth,
	}
	return res, nil
}

func (r *run) settleInTheClear() (*Result, error) {
	if r.list == nil {
		list, err := r.speak.WithoutList(r.refusal, false)
		if err != nil {
			return nil, err
		}
		r.list = list
	}
	res, err := r.settle()
	if err != nil {
		return nil, err
	}
	res.Downgrade = r.violation(policy.ErrNotOffered)
	return res, nil
}
