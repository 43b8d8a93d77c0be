package discover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dns"
)

// dialFunc connects to an address.
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// netDial returns how d connects.
func netDial(d *dial.Dialer) dialFunc {
	if d != nil && d.NetDialer != nil {
		return d.NetDialer.DialContext
	}
	return new(net.Dialer).DialContext
}

// ErrNotPermitted is in the chain of an error when an address was not connected
// to because [Options.Permit] forbids it. The error that Permit returned is, too.
var ErrNotPermitted = errors.New("address not permitted")

// guard connects to the addresses of a host that are permitted. It looks them
// up itself: what is checked is what is connected to, whatever a second look-up
// would say.
type guard struct {
	resolver *dns.Resolver
	permit   func(netip.Addr) error
	dial     dialFunc
}

// maxAddresses bounds how many addresses of a host are tried.
const maxAddresses = 4

// errNoAddress is in the chain of the error for a host that has no address, which
// is sure: its name was looked up.
var errNoAddress = errors.New("host has no address")

// DialContext connects to the first address that answers.
func (g *guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	all, err := g.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	return g.connect(ctx, network, all, port)
}

// connect tries the addresses that are permitted, each in its share of the time.
func (g *guard) connect(ctx context.Context, network string, all []netip.Addr, port string) (net.Conn, error) {
	allowed, err := g.allowed(all)
	for i, a := range allowed {
		var conn net.Conn
		if conn, err = g.dialOne(ctx, network, net.JoinHostPort(a.String(), port), len(allowed)-i); err == nil {
			return conn, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

// allowed returns the addresses that are permitted, at most maxAddresses, and if
// there are none the reason.
func (g *guard) allowed(all []netip.Addr) (allowed []netip.Addr, err error) {
	for _, a := range all {
		if why := g.permit(a); why != nil {
			err = fmt.Errorf("%w: %v: %w", ErrNotPermitted, a, why)
		} else if len(allowed) < maxAddresses {
			allowed = append(allowed, a)
		}
	}
	if allowed != nil {
		return allowed, nil
	}
	return nil, err
}

// dialOne connects to one address, leaving time for the others.
func (g *guard) dialOne(ctx context.Context, network, address string, left int) (net.Conn, error) {
	if by, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(by)/time.Duration(left))
		defer cancel()
	}
	return g.dial(ctx, network, address)
}

// addresses looks up a host. IPv6 and IPv4 alternate in what it returns. A
// failure to look up one kind does not matter if there is an address of the other.
func (g *guard) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	var six, four []netip.Addr
	var err6, err4 error
	var asking sync.WaitGroup
	asking.Go(func() { six, err6 = g.lookup(ctx, host, dnsmessage.TypeAAAA) })
	asking.Go(func() { four, err4 = g.lookup(ctx, host, dnsmessage.TypeA) })
	asking.Wait()
	var all []netip.Addr
	for i := range max(len(six), len(four)) {
		all = append(all, six[min(i, len(six)):min(i+1, len(six))]...)
		all = append(all, four[min(i, len(four)):min(i+1, len(four))]...)
	}
	switch {
	case all != nil:
		return all, nil
	case err4 != nil:
		return nil, err4
	case err6 != nil:
		return nil, err6
	}
	return nil, fmt.Errorf("%s: %w", host, errNoAddress)
}

func (g *guard) lookup(ctx context.Context, host string, t dnsmessage.Type) (all []netip.Addr, err error) {
	answer, err := g.resolver.Ask(ctx, host, t)
	if err != nil {
		return nil, err
	}
	for _, r := range answer.Records {
		switch b := r.Body.(type) {
		case *dnsmessage.AResource:
			all = append(all, netip.AddrFrom4(b.A))
		case *dnsmessage.AAAAResource:
			all = append(all, netip.AddrFrom16(b.AAAA))
		}
	}
	return all, nil
}
