package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// NetDialer makes the raw connection: net.Dialer, a SOCKS5 client, a tunnel.
// It must honour the context. Whatever it does, TLS is the Dialer's business
// and cannot be switched off by it.
type NetDialer interface {
	// DialContext is called once for a connection, with network "tcp".
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Dialer connects to mail servers. The zero value is ready to use; a Dialer
// may be copied, and used by many goroutines at once. Its fields are read at
// the start of a call and must not be changed while one runs.
type Dialer struct {
	// TLSConfig says how servers are verified: roots, client certificates,
	// ServerName. nil means the system's roots. It is cloned. These are
	// refused: versions below TLS 1.2, renegotiation, RC4 and 3DES. NextProtos
	// is set by the Dialer. InsecureSkipVerify makes a session that says
	// NotVerified and gets no credentials.
	//
	// Sessions are resumed only if ClientSessionCache is set, and then never
	// across protocols, hosts, ports or policies. Verification settings are
	// not part of the key: use one cache for one config.
	TLSConfig *tls.Config

	// NetDialer makes the raw connection; nil means a zero net.Dialer, which
	// tries all addresses of the host and turns on TCP keep-alive.
	NetDialer NetDialer

	// Timeout bounds a whole call: Dial, NewConn, a session's Dial or New.
	// Zero means 30 seconds, and 5 minutes for SMTP relay, where greetings
	// are delayed on purpose (RFC 5321 §4.5.3.2.1). Negative means none but
	// the context's.
	Timeout time.Duration

	// LocalName is what EHLO says. Empty means the host's name if it is a
	// qualified one, else the local address as a literal. In the clear, under
	// a policy that upgrades, nothing about the host is told: there empty
	// means the address literal (RFC 5321 §4.1.4).
	LocalName string

	// OnDowngrade is asked before a connection under OpportunisticSTARTTLS
	// stays in the clear. An error vetoes it: the dial fails with a violation
	// whose reason is policy.ErrVetoed and which holds that error. nil agrees.
	OnDowngrade func(context.Context, Security) error

	// Trace is told how the connection comes about; it may be nil.
	Trace *Trace

	// Memory holds servers to the TLS that they once had; nil remembers
	// nothing. It is asked before every connection with a policy other than
	// NoTLS, and learns from those whose server was verified. Under
	// OpportunisticSTARTTLS a server that it knows is treated as under
	// RequiredSTARTTLS. The other policies do not need it: if it fails they go
	// on, and Trace and Logger are told.
	Memory     Memory
	Memorizing Memorizing

	// Pins are keys of servers whose certificates do not verify. With one for
	// the endpoint, a server with that key is accepted, and Security says
	// VerifiedPinned; a server with a certificate that verifies is accepted as
	// ever, unless a pin is Exclusive. A VerifyConnection of TLSConfig is called for both; for a pinned
	// server there are no verified chains. Pins do not go together with
	// InsecureSkipVerify or VerifyPeerCertificate.
	Pins []Pin

	// Logger is told what a connection succeeds in spite of: a Memory that
	// fails. nil is silent.
	Logger *slog.Logger
}

// Dial connects to e and takes the connection to what e's policy wants. When
// it returns a nil error the greeting is read, and under every policy with TLS
// the handshake is complete and the certificate verified.
//
// There is one connection and one decision: no other port is tried, and no
// weaker level. Hosts with several addresses are tried in turn, before
// anything is said.
//
// Every error is a [*Error]. If ctx ends first, its error is in the chain; it
// has no effect on the connection after Dial has returned.
func (d *Dialer) Dial(ctx context.Context, e Endpoint) (*Conn, error) {
	p, err := d.prepare(ctx, e)
	if err != nil {
		return nil, err
	}
	return p.dial(ctx)
}

func (p *prepared) dial(ctx context.Context) (*Conn, error) {
	ctx, cancel := p.dialer.Budget(ctx, p.endpoint.Protocol)
	defer cancel()
	p.enter(PhaseConnect)
	if ctx.Err() != nil {
		return nil, p.fail(wire.ContextError(ctx))
	}
	raw, err := p.dialer.connect(ctx, p.endpoint.Address())
	if err != nil {
		return nil, p.fail(err)
	}
	return p.settle(ctx, raw)
}

// NewConn does what Dial does, over a connection that the caller brings: a
// proxy's, a tunnel's, a test's. The policy of e is kept as strictly; e.Host
// names the server whose certificate is expected. NewConn owns raw: it closes
// it on error. Deadlines set on raw before bound the call as well; the session
// sets its own. raw's Close must not block, and like a socket raw should buffer a
// little: over net.Pipe both sides of a failing handshake can wait for each other
// until the time is out.
func (d *Dialer) NewConn(ctx context.Context, raw net.Conn, e Endpoint) (*Conn, error) {
	p, err := d.prepare(ctx, e)
	if err == nil && raw == nil {
		err = p.fail(errors.New("no connection"))
	}
	if err != nil {
		if raw != nil {
			raw.Close()
		}
		return nil, err
	}
	ctx, cancel := d.Budget(ctx, e.Protocol)
	defer cancel()
	return p.settle(ctx, raw)
}

// Budget returns a context that ends when the Dialer's Timeout has passed, for
// programs that spend one budget on Dial and on what comes after.
func (d *Dialer) Budget(ctx context.Context, p policy.Protocol) (context.Context, context.CancelFunc) {
	limit := d.timeout(p)
	if by, ok := ctx.Deadline(); limit > 0 && !(ok && time.Until(by) <= limit) {
		return context.WithTimeoutCause(ctx, limit, tooLate(limit))
	}
	return context.WithCancel(ctx)
}

// tooLate is the cause of a budget's end.
type tooLate time.Duration

func (t tooLate) Error() string { return "not done within " + time.Duration(t).String() }

func (d *Dialer) timeout(p policy.Protocol) time.Duration {
	switch {
	case d.Timeout != 0:
		return d.Timeout
	case p == policy.SMTP:
		return 5 * time.Minute
	}
	return 30 * time.Second
}

// prepared is a call whose arguments were checked.
type prepared struct {
	*attempt
	dialer Dialer
	tls    *tls.Config
	pins   *pinCheck // nil: none
	memory *memory
}

// prepare checks everything that can be checked before any I/O.
func (d *Dialer) prepare(ctx context.Context, e Endpoint) (*prepared, error) {
	p := &prepared{attempt: newAttempt(e, d.Trace), dialer: *d}
	err := func() (err error) {
		if ctx == nil {
			return errors.New("nil context")
		}
		if p.endpoint, err = e.normal(); err != nil {
			if strings.Contains(e.Host, "@") {
				p.endpoint.Host = "" // it may be a password
			}
			return err
		}
		if err = checkLocalName(d.LocalName); err != nil {
			return err
		}
		if p.tls, err = tlsConfig(d.TLSConfig, p.endpoint); err != nil {
			return err
		}
		pins, err := pinsFor(d.Pins, p.endpoint)
		if err != nil {
			return err
		}
		if p.pins, err = usePins(p.tls, pins); err != nil {
			return err
		}
		p.memory, err = d.memory(p.endpoint)
		return err
	}()
	if err != nil {
		return nil, p.fail(err)
	}
	return p, nil
}

func (d *Dialer) connect(ctx context.Context, address string) (net.Conn, error) {
	var nd NetDialer = &net.Dialer{}
	if d.NetDialer != nil {
		nd = d.NetDialer
	}
	raw, err := nd.DialContext(ctx, "tcp", address)
	switch {
	case ctx.Err() != nil:
		err = wire.ContextError(ctx)
	case err != nil && overdue(ctx): // the network's clock was a moment faster
		err = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	case err == nil && raw == nil:
		err = errors.New("NetDialer returned neither a connection nor an error")
	}
	if err != nil && raw != nil {
		raw.Close()
	}
	return raw, err
}

func overdue(ctx context.Context) bool {
	by, ok := ctx.Deadline()
	return ok && !time.Now().Before(by)
}

// settle takes raw to what the policy wants, and closes it if it cannot.
func (p *prepared) settle(ctx context.Context, raw net.Conn) (*Conn, error) {
	if ctx.Err() != nil {
		raw.Close()
		return nil, p.fail(wire.ContextError(ctx))
	}
	var conn *Conn
	err := watched(ctx, raw, func() error {
		res, err := p.upgrade(ctx, raw)
		if err != nil {
			return err
		}
		conn = p.newConn(raw, res)
		if err := p.agree(ctx, conn); err != nil {
			return err
		}
		conn.learn(ctx)
		return nil
	})
	if err != nil {
		raw.Close()
		return nil, p.fail(err)
	}
	p.done(nil)
	return conn, nil
}

// upgrade runs the engine, held to what is remembered of the server.
func (p *prepared) upgrade(ctx context.Context, raw net.Conn) (*upgrade.Result, error) {
	p.memory.recall(ctx)
	p.memory.hold(p.tls)
	p.past = p.memory.shown
	name := func() string { return p.dialer.ehloName(raw.LocalAddr(), p.endpoint.Policy.STARTTLS()) }
	engine := p.engine(p.tls, name)
	engine.Past = p.memory.past()
	res, err := engine.Run(ctx, raw)
	var broken *policy.Violation
	if errors.As(err, &broken) {
		p.memory.explain(broken)
	}
	return res, err
}

// agree asks the caller about a downgrade.
func (p *prepared) agree(ctx context.Context, c *Conn) error {
	if c.security.Downgrade == nil || p.dialer.OnDowngrade == nil {
		return nil
	}
	if err := p.dialer.OnDowngrade(ctx, c.Security()); err != nil {
		return &policy.Violation{Reason: policy.ErrVetoed, Err: err}
	}
	return nil
}
