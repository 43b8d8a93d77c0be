package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/upgrade"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

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
	if err := p.check(ctx, e); err != nil {
		return nil, p.fail(err)
	}
	return p, nil
}

func (p *prepared) check(ctx context.Context, e Endpoint) (err error) {
	if ctx == nil {
		return errors.New("nil context")
	}
	if p.endpoint, err = e.normal(); err != nil {
		if strings.Contains(e.Host, "@") {
			p.endpoint.Host = "" // it may be a password
		}
		return err
	}
	if err = checkLocalName(p.dialer.LocalName); err != nil {
		return err
	}
	if p.tls, err = tlsConfig(p.dialer.TLSConfig, p.endpoint); err != nil {
		return err
	}
	if p.pins, err = usePins(p.tls, p.dialer.Pins, p.endpoint); err != nil {
		return err
	}
	p.memory, err = p.dialer.memory(p.endpoint)
	return err
}

// dial makes the connection, and takes it to what the policy wants.
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
