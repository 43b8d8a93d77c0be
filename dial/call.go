package dial

import (
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
	dialer Dialer
	tls    *tls.Config
	server *verify.Server // the verdict on the server, once there is a handshake
	memory *recall.Memory
}

// prepare checks everything that can be checked before any I/O.
func (d *Dialer) prepare(ctx context.Context, e Endpoint) (*call, error) {
	c := &call{dialer: *d, progress: progress{endpoint: e, phase: PhaseConfig}}
	if d.Trace != nil {
		c.trace = *d.Trace
	}
	if err := c.check(ctx, e); err != nil {
		return nil, c.fail(err)
	}
	return c, nil
}

func (c *call) check(ctx context.Context, e Endpoint) (err error) {
	if ctx == nil {
		return errors.New("nil context")
	}
	if c.endpoint, err = e.normal(); err != nil {
		if strings.Contains(e.Host, "@") {
			c.endpoint.Host = "" // it may be a password
		}
		return err
	}
	if c.dialer.Transcript != nil {
		c.words = transcript.New(c.dialer.Transcript, protocols.Of(c.endpoint.Protocol))
		c.words.Note("%v", c.endpoint)
	}
	if err = hostname.CheckClient(c.dialer.LocalName); err != nil {
		return err
	}
	if c.memory, err = c.newMemory(); err != nil {
		return err
	}
	pins, err := pinsFor(c.dialer.Pins, c.endpoint)
	if err == nil {
		err = verify.CheckConfig(c.dialer.TLSConfig)
	}
	if err != nil || c.endpoint.Policy == policy.NoTLS {
		return err
	}
	alpn := protocols.Of(c.endpoint.Protocol).ALPN
	if c.dialer.NoALPN {
		alpn = ""
	}
	c.tls = verify.Config(c.dialer.TLSConfig, c.endpoint.Host, alpn, func() string { return c.endpoint.String() })
	expected := verify.Expected(ctx, c.endpoint.String)
	c.server, err = verify.ForEndpoint(c.tls, expected, pins, c.memory.CheckVersion)
	return err
}

// newMemory returns the Dialer's Peers as this call uses them. Under NoTLS they are
// not asked.
func (c *call) newMemory() (*recall.Memory, error) {
	rules, err := c.dialer.PeerRules.Normal()
	m := &recall.Memory{Rules: rules, Peer: c.endpoint.peer()}
	if c.endpoint.Policy != policy.NoTLS {
		m.Store = c.dialer.Peers
	}
	if hook := c.trace.Recalled; hook != nil {
		m.Recalled = func(r *peers.Record, err error) { hook(c.endpoint, r, err) }
	}
	if hook := c.trace.Remembered; hook != nil {
		m.Remembered = func(r peers.Record, err error) { hook(c.endpoint, r, err) }
	}
	return m, err
}

// dial makes the connection, and takes it to what the policy wants.
func (c *call) dial(ctx context.Context) (*Conn, error) {
	ctx, cancel := c.dialer.Budget(ctx, c.endpoint.Protocol)
	defer cancel()
	c.enter(PhaseConnect)
	raw, err := wire.Connect(ctx, c.dialer.NetDialer, c.endpoint.Address())
	if err != nil {
		return nil, c.fail(err)
	}
	return c.settle(ctx, raw)
}

// settle takes raw to what the policy wants, and closes it if it cannot.
func (c *call) settle(ctx context.Context, raw net.Conn) (*Conn, error) {
	var conn *Conn
	err := wire.Watched(ctx, raw, func() error {
		settled, err := c.upgrade(ctx, raw)
		if err != nil {
			return err
		}
		conn = c.newConn(raw, settled)
		if err := c.askAboutDowngrade(ctx, conn); err != nil {
			return err
		}
		conn.learn(ctx)
		return nil
	})
	if err != nil {
		raw.Close()
		return nil, c.fail(err)
	}
	c.done(nil)
	return conn, nil
}

// upgrade runs the engine, which is held to what is remembered of the server.
func (c *call) upgrade(ctx context.Context, raw net.Conn) (*upgrade.Result, error) {
	c.memory.Recall(ctx)
	c.known = c.memory.Known()
	engine := upgrade.Engine{
		Policy:    c.endpoint.Policy,
		Protocol:  protocols.Of(c.endpoint.Protocol),
		Past:      c.memory.Past(),
		TLS:       c.tls,
		LocalName: func() string { return c.dialer.localName(raw.LocalAddr(), c.endpoint.Policy.STARTTLS()) },
		Phase:     func(name string) { c.enter(Phase(name)) },
	}
	if c.trace.Decided != nil {
		engine.Decided = c.decided
	}
	if c.words != nil || c.trace.HandshakeDone != nil {
		engine.Secured = c.secured
	}
	if c.words != nil {
		engine.Follow = c.words.Follow
	}
	settled, err := engine.Run(ctx, raw)
	var broken *policy.Violation
	if errors.As(err, &broken) {
		c.memory.Explain(broken)
	}
	return settled, err
}

// decided tells the trace what the policy did about the server's offer.
func (c *call) decided(action upgrade.Action, reason error) {
	switch action {
	case upgrade.Demand:
		c.trace.Decided(c.endpoint, DecisionUpgrade, nil)
	case upgrade.SettleInTheClear:
		c.trace.Decided(c.endpoint, DecisionStayInTheClear, nil)
	case upgrade.Fail:
		c.trace.Decided(c.endpoint, DecisionRefuse, reason)
	}
}

func (c *call) secured(s tls.ConnectionState) {
	c.words.Note("%s, %s, %s verified: %v", tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite), c.tls.ServerName, c.server.Verdict().Method)
	if c.trace.HandshakeDone != nil {
		c.trace.HandshakeDone(c.endpoint, s)
	}
}

// newConn makes a Conn of what the upgrade of raw achieved.
func (c *call) newConn(raw net.Conn, settled *upgrade.Result) *Conn {
	conn := &Conn{
		raw:     raw,
		settled: *settled,
		dialer:  c.dialer,
		memory:  c.memory,
		words:   c.words,
		security: Security{
			Endpoint:   c.endpoint,
			TLS:        settled.TLS,
			Downgrade:  settled.Downgrade,
			RemoteAddr: raw.RemoteAddr(),
			Known:      c.known,
		},
	}
	spoken := settled.TLS == nil || c.endpoint.Policy == policy.ImplicitTLS
	conn.conn.Begin(settled.Conn, settled.Unread, spoken)
	if d := settled.Downgrade; d != nil {
		d.Policy, d.Protocol = c.endpoint.Policy, c.endpoint.Protocol
		c.memory.Explain(d)
	}
	if settled.TLS != nil {
		verdict := c.server.Verdict()
		conn.security.ServerName = c.tls.ServerName
		conn.security.Verified = verdict.Method
		conn.security.TLS.VerifiedChains = verdict.Chains
	}
	return conn
}

// askAboutDowngrade asks the caller whether the connection may stay in the clear.
func (c *call) askAboutDowngrade(ctx context.Context, conn *Conn) error {
	if conn.security.Downgrade == nil || c.dialer.OnDowngrade == nil {
		return nil
	}
	if err := c.dialer.OnDowngrade(ctx, conn.Security()); err != nil {
		return &policy.Violation{Reason: policy.ErrVetoed, Err: err}
	}
	return nil
}
