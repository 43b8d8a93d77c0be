package upgrade

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

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
	Protocol  policy.Protocol
	TLS       *tls.Config   // complete; not changed
	LocalName func() string // what SMTP's EHLO says in the clear

	// Phase, Line and Decided, all optional, are told when a phase begins, of
	// the lines said in the clear, and of what was decided.
	Phase   func(name string)
	Line    func(sent bool, line string)
	Decided func(Action, error)
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
	words dialect

	heard   greeting
	list    []string
	masked  bool
	refusal string
}

// Run settles raw as the policy wants. It ends with ctx only as far as raw
// does: the caller closes raw when ctx ends. After an error the caller closes
// raw too.
func (e *Engine) Run(ctx context.Context, raw net.Conn) (*Result, error) {
	r := &run{Engine: e, ctx: ctx, raw: raw}
	r.speakOver(raw)
	event := Connected
	for {
		action, reason := Decide(e.Policy, e.Protocol, event)
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
	if r.state == nil {
		r.lines.Trace = r.Line
	}
	r.words = newDialect(r.Protocol, r.lines, r.LocalName)
	r.heard, r.list = greeting{}, nil
}

func (r *run) enter(phase string) {
	if r.Phase != nil {
		r.Phase(phase)
	}
}

func (r *run) greet() (Event, error) {
	r.enter(PhaseGreeting)
	var err error
	if r.heard, err = r.words.greet(); err != nil {
		return 0, r.greetingError(err)
	}
	r.list = r.heard.capabilities
	if r.heard.preauth {
		return Preauth, nil
	}
	return Greeted, nil
}

// ErrSpeaksTLS describes a server that sends TLS records where its greeting
// should be.
var ErrSpeaksTLS = errors.New("server speaks TLS on this port from the first byte")

// greetingError looks at what came instead of a greeting.
func (r *run) greetingError(err error) error {
	v := new(policy.Violation)
	closed := new(wire.Closed)
	if !errors.As(err, &v) && !errors.As(err, &closed) {
		return err
	}
	if r.state == nil && wire.SpeaksTLS(r.lines.First()) {
		return &policy.Violation{Reason: policy.ErrMalformed, Err: fmt.Errorf("%w: %w", ErrSpeaksTLS, err)}
	}
	return err
}

func (r *run) ask() (Event, error) {
	if r.list != nil {
		return listed(r.list), nil
	}
	r.enter(PhaseCapability)
	list, event, reply, err := r.words.capabilities()
	if err != nil {
		return 0, err
	}
	r.list, r.refusal, r.masked = list, reply, masked(list)
	return event, nil
}

func (r *run) demand() (Event, error) {
	r.enter(PhaseSTARTTLS)
	accepted, reply, err := r.words.starttls()
	if err != nil {
		return 0, err
	}
	// The one line in the protocol behind which nothing may stand: what does
	// was put there in the clear and would be read as if it came by TLS.
	if err := r.lines.Quiet(); err != nil {
		return 0, err
	}
	if accepted {
		return Accepted, nil
	}
	r.refusal = reply
	return r.afterRefusal()
}

// refusalTime bounds the question for the list after a refusal, whose answer
// only makes the error more exact.
const refusalTime = 2 * time.Second

func (r *run) afterRefusal() (Event, error) {
	if r.list == nil {
		if err := r.askAfterRefusal(); err != nil {
			return 0, err
		}
	}
	switch {
	case r.list == nil:
		return RefusedUnknown, nil
	case listed(r.list) == Offered:
		return RefusedListed, nil
	}
	return RefusedUnlisted, nil
}

// askAfterRefusal gets the list if it can. Injected data stays an error; that
// the list could not be had is none, unless ctx has ended.
func (r *run) askAfterRefusal() error {
	ctx, cancel := context.WithTimeout(r.ctx, refusalTime)
	defer cancel()
	defer wire.Watch(ctx, r.raw)()
	list, event, _, err := r.words.capabilities()
	switch {
	case errors.Is(err, policy.ErrInjected):
		return err
	case r.ctx.Err() != nil:
		return wire.ContextError(r.ctx)
	case err == nil && event == NoExtensions:
		r.list = []string{}
	case err == nil:
		r.list, r.masked = list, masked(list)
	}
	return nil
}

func (r *run) handshake() (Event, error) {
	r.enter(PhaseHandshake)
	reason := policy.ErrInjected
	if r.Policy == policy.ImplicitTLS {
		reason = policy.ErrNotTLS
	}
	conn := tls.Client(wire.NewFirstByte(r.raw, reason), r.TLS)
	if err := conn.HandshakeContext(r.ctx); err != nil {
		return 0, handshakeError(err)
	}
	state := conn.ConnectionState()
	r.state = &state
	r.speakOver(conn)
	return Secured, nil
}

// handshakeError makes a server that hung up look the same as in the other
// phases.
func handshakeError(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return wire.Ended(err)
}

func (r *run) settle() (*Result, error) {
	if err := r.words.check(r.list); err != nil {
		return nil, err
	}
	res := &Result{
		Conn:         r.conn,
		TLS:          r.state,
		Unread:       r.lines.Take(),
		Greeting:     r.heard.text,
		Capabilities: r.list,
		Preauth:      r.heard.preauth,
	}
	return res, nil
}

func (r *run) settleInTheClear() (*Result, error) {
	if err := r.words.stay(r.list != nil); err != nil {
		return nil, err
	}
	if r.list == nil {
		r.list = []string{} // known to be empty: nobody needs to ask again
	}
	res, err := r.settle()
	if err != nil {
		return nil, err
	}
	res.Downgrade = r.violation(policy.ErrNotOffered)
	return res, nil
}

// violation describes the end of the run, with the words that led to it.
func (r *run) violation(reason error) *policy.Violation {
	v := wire.Violation(reason, r.refusal)
	if reason == policy.ErrPreauth {
		v.Reply = wire.Printable(r.heard.text)
	}
	if reason == policy.ErrNotOffered && r.masked {
		v.Err = ErrMasked
	}
	return v
}

// ErrMasked describes an EHLO answer with a keyword crossed out, as some
// firewalls do to hide STARTTLS.
var ErrMasked = errors.New("something between here and the server hides its STARTTLS keyword")

// masked reports whether a keyword in list is crossed out: "XXXXXXXA".
func masked(list []string) bool {
	return slices.ContainsFunc(list, func(k string) bool {
		return len(k) == len("STARTTLS") && k[:7] == "XXXXXXX"
	})
}

// listed tells whether a list offers the upgrade.
func listed(list []string) Event {
	for _, k := range list {
		if k == "STARTTLS" || k == "STLS" {
			return Offered
		}
	}
	return NotOffered
}
