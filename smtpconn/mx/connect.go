package mx

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/netguard"
	"github.com/mailconn/mailconn/internal/verify"
	"github.com/mailconn/mailconn/internal/verify/expect"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// ErrNotPermitted is in the chain of an error when an address was not connected to because
// [Config.Permit] forbids it. The error that Permit returned is, too.
var ErrNotPermitted = netguard.ErrNotPermitted

// ErrTLSA is in the chain of an error when no usable TLSA record matches the certificate
// of a server that has some.
var ErrTLSA = expect.ErrTLSA

// connectTime bounds the connection to one address, so that the next is tried in time.
const connectTime = 30 * time.Second

// connect begins a session with a host at one of its addresses, as the host's Demand has
// it, and fills in the evidence.
func (s *Sender) connect(ctx context.Context, h *Host, evidence *Session) (*smtpconn.Client, error) {
	evidence.Untrue = h.Untrue
	raw, err := s.reach(ctx, evidence.Addr)
	if err != nil {
		return nil, err
	}
	e := dial.Endpoint{Protocol: policy.SMTP, Host: h.ServerName, Port: s.cfg.Port, Policy: h.policy()}
	if x := h.expectation(evidence); x != nil {
		ctx = verify.Expect(ctx, e.String(), x)
	}
	conn, err := s.dial.NewConn(ctx, raw, e)
	if err != nil {
		return nil, err
	}
	client, err := smtpconn.New(ctx, conn, nil)
	evidence.Security = conn.Security()
	if down := evidence.Security.Downgrade; down != nil && len(h.Names) > 0 {
		evidence.Untrue = down
	}
	return client, err
}

func (s *Sender) reach(ctx context.Context, addr netip.Addr) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, connectTime, errors.New("no connection in time"))
	defer cancel()
	return s.guard.DialContext(ctx, "tcp", netip.AddrPortFrom(addr, s.cfg.Port).String())
}

// policy returns what the demand means for TLS.
func (h *Host) policy() policy.Policy {
	switch h.Demand {
	case InTheClear:
		return policy.NoTLS
	case Opportunistic:
		return policy.OpportunisticSTARTTLS
	}
	return policy.RequiredSTARTTLS
}

// expectation returns how the server is verified, which is noted in the evidence.
func (h *Host) expectation(evidence *Session) verify.Expectation {
	switch h.Demand {
	case InTheClear:
		return nil
	case ByTLSA:
		return expect.ByTLSA(h.TLSA, h.Names, func(r dns.TLSA) { evidence.Matched = &r })
	case ByName:
		return expect.ByName(h.Names)
	}
	if len(h.Names) == 0 {
		return expect.Anyone(nil, nil)
	}
	return expect.Anyone(h.Names, func(err error) { evidence.Untrue = err }) // of a policy in mode testing
}
