// Package netguard connects to hosts whose names strangers have chosen: to addresses that
// are permitted, and over HTTPS within limits.
package netguard

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

// DialFunc connects to an address.
type DialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// Dialing returns how d connects. d may be nil.
func Dialing(d *dial.Dialer) DialFunc {
	if d != nil && d.NetDialer != nil {
		return d.NetDialer.DialContext
	}
	return new(net.Dialer).DialContext
}

// Guard connects to the addresses of a host that are permitted. It looks them
// up itself: what is checked is what is connected to, whatever a second look-up
// would say.
type Guard struct {
	Resolver *dns.Resolver
	Permit   func(netip.Addr) error
	Dial     DialFunc
}

// maxAddresses bounds how many addresses of a host are tried.
const maxAddresses = 4

// ErrNotPermitted is in the chain of the error for an address that Permit forbids.
var ErrNotPermitted = errors.New("address not permitted")

// ErrNoAddress is in the chain of the error for a host that has no address, which
// is sure: its name was looked up.
var ErrNoAddress = errors.New("host has no address")

// DialContext connects to the first address that answers.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	all, err := g.Addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	return g.connect(ctx, network, all, port)
}

// connect tries the addresses that are permitted, each in its share of the time.
func (g *Guard) connect(ctx context.Context, network string, all []netip.Addr, port string) (net.Conn, error) {
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
func (g *Guard) allowed(all []netip.Addr) (allowed []netip.Addr, err error) {
	for _, a := range all {
		if why := g.Permit(a); why != nil {
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
func (g *Guard) dialOne(ctx context.Context, network, address string, left int) (net.Conn, error) {
	if by, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(by)/time.Duration(left))
		defer cancel()
	}
	return g.Dial(ctx, network, address)
}

// Addresses looks up a host. IPv6 and IPv4 alternate in what it returns. A
// failure to look up one kind does not matter if there is an address of the other.
func (g *Guard) Addresses(ctx context.Context, host string) ([]netip.Addr, error) {
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
	return nil, fmt.Errorf("%s: %w", host, ErrNoAddress)
}

func (g *Guard) lookup(ctx context.Context, host string, t dnsmessage.Type) (all []netip.Addr, err error) {
	answer, err := g.Resolver.Ask(ctx, host, t)
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

// PublicAddress is an error for addresses that are of this host or of the link, or of no
// host at all.
func PublicAddress(a netip.Addr) error {
	switch a = a.Unmap(); {
	case !a.IsValid(), a.IsUnspecified(), a.Is4() && a.As4()[0] == 0, a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return errors.New("not the address of a host")
	case a.IsLoopback():
		return errors.New("loopback address")
	case a.IsLinkLocalUnicast():
		return errors.New("link-local address")
	case a.IsMulticast():
		return errors.New("multicast address")
	}
	return nil
}
