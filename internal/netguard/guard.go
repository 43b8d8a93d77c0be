// Package netguard connects to hosts whose names strangers choose: only to addresses that
// are permitted, and over HTTPS within limits.
package netguard

import (
	"cmp"
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

// Dialing returns the function by which d, which may be nil, connects.
func Dialing(d *dial.Dialer) DialFunc {
	if d != nil && d.NetDialer != nil {
		return d.NetDialer.DialContext
	}
	return new(net.Dialer).DialContext
}

// Guard connects to the addresses of a host that are permitted. It looks them up itself,
// and once, so that the address that was checked is the one that is connected to.
type Guard struct {
	Resolver *dns.Resolver
	Permit   func(netip.Addr) error // its error forbids the address
	Dial     DialFunc               // connects to an address that is permitted
}

// maxAddresses bounds how many addresses of a host are tried.
const maxAddresses = 4

// ErrNotPermitted is in the chain of the error for an address that Permit forbids.
var ErrNotPermitted = errors.New("address not permitted")

// ErrNoAddress is in the chain of the error for a host that has no address by the DNS. A
// look-up that failed is another error.
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

// connect tries the addresses that are permitted, each for its share of the time.
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

// allowed returns the addresses that are permitted, at most maxAddresses, and an error if
// there are none. Permit is asked about addresses without a zone, and about IPv4 addresses
// that are not mapped to IPv6, since no netip.Prefix contains others.
func (g *Guard) allowed(all []netip.Addr) (allowed []netip.Addr, err error) {
	for _, a := range all {
		a = a.Unmap()
		if why := g.Permit(a.WithZone("")); why != nil {
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

// dialOne connects to one address, in its share of the time if left addresses are to be
// tried.
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
	six, four, failed := LookUp(ctx, g.Resolver, host)
	all := Alternate(six, four)
	switch {
	case all != nil:
		return all, nil
	case failed != nil:
		return nil, failed
	}
	return nil, fmt.Errorf("%s: %w", host, ErrNoAddress)
}

// LookUp asks for the IPv6 and the IPv4 addresses of a host at once. An answer is nil if
// its question failed. failed is the error of a question that failed.
func LookUp(ctx context.Context, r *dns.Resolver, host string) (six, four *dns.Answer, failed error) {
	var err6, err4 error
	var asking sync.WaitGroup
	asking.Go(func() { six, err6 = r.Ask(ctx, host, dnsmessage.TypeAAAA) })
	asking.Go(func() { four, err4 = r.Ask(ctx, host, dnsmessage.TypeA) })
	asking.Wait()
	return six, four, cmp.Or(err4, err6)
}

// maxAlternate bounds how many addresses are taken from an answer.
const maxAlternate = 8

// Alternate returns the addresses in two answers, each of which may be nil, one of each
// in turn, and at most 16.
func Alternate(first, second *dns.Answer) (all []netip.Addr) {
	for i := range maxAlternate {
		for _, a := range []*dns.Answer{first, second} {
			if a == nil || i >= len(a.Records) {
				continue
			}
			switch b := a.Records[i].Body.(type) {
			case *dnsmessage.AResource:
				all = append(all, netip.AddrFrom4(b.A))
			case *dnsmessage.AAAAResource:
				all = append(all, netip.AddrFrom16(b.AAAA))
			}
		}
	}
	return all
}

// PublicAddress returns an error for an address of this host or of the link, and for one
// that no host has. An IPv6 address that a gateway turns into IPv4 counts as that.
func PublicAddress(a netip.Addr) error {
	switch a = inside(a.Unmap()); {
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

// inside returns the IPv4 address that a gateway takes out of an IPv6 address: by the
// well-known prefix of NAT64 (RFC 6052 §2.1), or by 6to4 (RFC 3056 §2). It returns other
// addresses unchanged.
func inside(a netip.Addr) netip.Addr {
	b, bare := a.As16(), a.WithZone("")
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(bare):
		return netip.AddrFrom4([4]byte(b[12:]))
	case netip.MustParsePrefix("2002::/16").Contains(bare):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return a
}
