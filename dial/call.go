package dial

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/hostname"
	"github.com/mailconn/mailconn/internal/protocols"
	"github.com/mailconn/mailconn/internal/recall"
	"github.com/mailconn/mailconn/internal/transcript"
	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/verify"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// call is one Dial or NewConn: arguments that were checked, and how far it got.
type call struct {
	progress
	dialer *Dialer
	tls    *tls.Config // nil under NoTLS
}

// prepare checks everything that can be checked before any I/O.
func (d *Dialer) prepare(ctx context.Context, e Endpoint) (*call, error) {
	conn := &Conn{trace: d.Trace, timeout: d.Timeout, localName: d.LocalName, security: Security{Endpoint: e}}
	c := &call{progress: progress{conn, PhaseConfig}, dialer: d}
	if err := c.check(ctx, e); err != nil {
		return nil, c.fail(err)
	}
	return c, nil
}

func (c *call) check(ctx context.Context, e Endpoint) (err error) {
	if ctx == nil {
		return errors.New("nil context")
	}
	d, endpoint := c.dialer, &c.conn.security.Endpoint
	if *endpoint, err = e.normal(); err != nil {
		if strings.Contains(e.Host, "@") {
			endpoint.Host = "" // it may be a password
		}
		return err
	}
	if d.Transcript != nil {
		c.conn.words = transcript.New(d.Transcript, protocols.Of(endpoint.Protocol))
		c.conn.words.Note("%v", *endpoint)
	}
	if err = hostname.CheckClient(d.LocalName); err != nil {
		return err
	}
	if c.conn.memory, err = c.memory(); err != nil {
		return err
	}
	pins, err := pinsFor(d.Pins, *endpoint)
	if err == nil {
		err = verify.CheckConfig(d.TLSConfig)
	}
	if err != nil || endpoint.Policy == policy.NoTLS {
		return err
	}
	return c.setTLS(ctx, pins)
}

// setTLS sets how TLS is done, and how the server is verified.
func (c *call) setTLS(ctx context.Context, pins verify.Pins) (err error) {
	endpoint := &c.conn.security.Endpoint
	alpn := protocols.Of(endpoint.Protocol).ALPN
	if c.dialer.NoALPN {
		alpn = ""
	}
	c.tls = verify.Config(c.dialer.TLSConfig, endpoint.Host, alpn, endpoint)
	var check func(tls.ConnectionState) error
	if memory := c.conn.memory; memory != nil {
		check = memory.CheckVersion
	}
	c.conn.server, err = verify.ForEndpoint(c.tls, verify.Expected(ctx, endpoint), pins, check)
	return err
}

// memory returns the Dialer's Peers as this call uses them. It is nil if there are none,
// and under NoTLS, where they are not asked.
func (c *call) memory() (*recall.Memory, error) {
	rules, err := c.dialer.PeerRules.Normal()
	if err != nil || c.dialer.Peers == nil || c.endpoint().Policy == policy.NoTLS {
		return nil, err
	}
	m := &recall.Memory{Store: c.dialer.Peers, Rules: rules, Peer: c.endpoint().peer()}
	if hook := c.hooks().Recalled; hook != nil {
		m.Recalled = func(r *peers.Record, err error) { hook(c.endpoint(), r, err) }
	}
	if hook := c.hooks().Remembered; hook != nil {
		m.Remembered = func(r peers.Record, err error) { hook(c.endpoint(), r, err) }
	}
	return m, nil
}

// dial makes the connection, takes it to what the policy wants, and runs f, which begins
// a session, unless it is nil.
func (c *call) dial(ctx context.Context, f func(context.Context, *Conn, *Setup) error) (*Conn, error) {
	b, cancel := budget(ctx, c.dialer.Timeout, c.endpoint().Protocol)
	defer cancel()
	c.enter(PhaseConnect)
	raw, err := wire.Connect(b.Context, c.dialer.NetDialer, c.endpoint().Address())
	if err != nil {
		return nil, c.fail(err)
	}
	return c.settle(b, raw, f)
}

// settle does the rest of dial, once the connection is made. It closes raw if it fails.
func (c *call) settle(b wire.Budget, raw net.Conn, f func(context.Context, *Conn, *Setup) error) (*Conn, error) {
	c.conn.raw = raw
	ctx := b.Context
	err := b.Watched(raw, func() error {
		settled, err := c.upgrade(ctx)
		if err != nil {
			return err
		}
		c.setSecurity(&settled)
		if err := c.askAboutDowngrade(ctx); err != nil {
			return err
		}
		c.conn.learn(ctx)
		if f == nil {
			return nil
		}
		c.done(nil)
		return c.conn.setUp(ctx, &c.progress, func(ctx context.Context, s *Setup) error { return f(ctx, c.conn, s) })
	})
	if err != nil {
		return nil, c.conn.giveUp(&c.progress, err)
	}
	c.done(nil)
	return c.conn, nil
}

// upgrade runs the engine, which is held to what is remembered of the server.
func (c *call) upgrade(ctx context.Context) (upgrade.Result, error) {
	memory := c.conn.memory
	memory.Recall(ctx)
	c.conn.security.Known = memory.Known()
	engine := upgrade.Engine{
		Policy:   c.endpoint().Policy,
		Protocol: protocols.Of(c.endpoint().Protocol),
		Past:     memory.Past(),
		TLS:      c.tls,
		Caller:   c,
	}
	settled, err := engine.Run(ctx, c.conn.raw)
	if err != nil {
		var broken *policy.Violation
		if errors.As(err, &broken) {
			memory.Explain(broken)
		}
	}
	return settled, err
}

var _ upgrade.Caller = (*call)(nil)

// LocalName returns what EHLO says in the clear.
func (c *call) LocalName() string {
	return hostname.Client(c.dialer.LocalName, c.conn.raw.LocalAddr(), c.endpoint().Policy.STARTTLS())
}

// Phase begins a phase.
func (c *call) Phase(name string) { c.enter(Phase(name)) }

// Follow lets the transcript read a connection.
func (c *call) Follow(conn net.Conn) net.Conn { return c.conn.words.Follow(conn) }

// Decided tells the trace what the policy did about the server's offer.
func (c *call) Decided(action upgrade.Action, reason error) {
	decision, is := map[upgrade.Action]Decision{
		upgrade.Demand: DecisionUpgrade, upgrade.SettleInTheClear: DecisionStayInTheClear, upgrade.Fail: DecisionRefuse,
	}[action]
	if hook := c.hooks().Decided; is && hook != nil {
		hook(c.endpoint(), decision, reason)
	}
}

// Secured tells the transcript and the trace of a handshake.
func (c *call) Secured(s tls.ConnectionState) {
	if words := c.conn.words; words != nil {
		words.Note("%s, %s, %s verified: %v", tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite), c.serverName(), c.conn.server.Verdict().Method)
	}
	if hook := c.hooks().HandshakeDone; hook != nil {
		hook(c.endpoint(), s)
	}
}

// serverName returns the name that the server was verified for.
func (c *call) serverName() string { return cmp.Or(c.conn.server.Verdict().Name, c.tls.ServerName) }

// setSecurity makes the Conn the evidence of what the upgrade achieved.
func (c *call) setSecurity(settled *upgrade.Result) {
	conn, greeting := c.conn, settled.Greeting
	conn.greeting, conn.capabilities, conn.preauth = greeting.Text, greeting.Capabilities, greeting.Preauth
	conn.tls, conn.security.Downgrade, conn.security.RemoteAddr = settled.TLS, settled.Downgrade, conn.raw.RemoteAddr()
	spoken := settled.TLS == nil || c.endpoint().Policy == policy.ImplicitTLS
	conn.conn.Begin(settled.Conn, settled.Unread, spoken)
	if d := settled.Downgrade; d != nil {
		d.Policy, d.Protocol = c.endpoint().Policy, c.endpoint().Protocol
		conn.memory.Explain(d)
	}
	if settled.TLS != nil {
		conn.security.ServerName = c.serverName()
		conn.security.Verified = conn.server.Verdict().Method
	}
}

// askAboutDowngrade asks the caller whether the connection may stay in the clear.
func (c *call) askAboutDowngrade(ctx context.Context) error {
	ask := c.dialer.OnDowngrade
	if ask == nil || c.conn.security.Downgrade == nil {
		return nil
	}
	if err := ask(ctx, c.conn.Security()); err != nil {
		return &policy.Violation{Reason: policy.ErrVetoed, Err: err}
	}
	return nil
}
