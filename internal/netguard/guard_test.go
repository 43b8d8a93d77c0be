package netguard_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/netguard"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

// Networks that a program forbids by their prefixes are not reached by another way to write
// an address.
func TestPermit(t *testing.T) {
	w := fakenet.NewWorld(t)
	w.Names.Add("plain.example A 10.0.0.1", "mapped.example AAAA ::ffff:10.0.0.1", "other.example AAAA ::ffff:192.0.2.1")
	dialled := ""
	g := &netguard.Guard{
		Resolver: &dns.Resolver{Servers: []netip.AddrPort{netip.MustParseAddrPort(fakenet.Resolver)}, Dial: w.DialContext},
		Permit: func(a netip.Addr) error {
			for _, forbidden := range []string{"10.0.0.0/8", "fd00::/8"} {
				if netip.MustParsePrefix(forbidden).Contains(a) {
					return errors.New("inside")
				}
			}
			return nil
		},
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = address
			return nil, errors.New("no")
		},
	}
	for address, want := range map[string]string{
		"plain.example:25": "", "mapped.example:25": "", "10.0.0.1:25": "", "[::ffff:10.0.0.1]:25": "", "[fd00::1]:25": "", "[fd00::1%eth0]:25": "",
		"other.example:25": "192.0.2.1:25", "[fe80::1%eth0]:25": "[fe80::1%eth0]:25", "192.0.2.2:25": "192.0.2.2:25",
	} {
		dialled = ""
		_, err := g.DialContext(t.Context(), "tcp", address)
		if dialled != want || errors.Is(err, netguard.ErrNotPermitted) != (want == "") {
			t.Errorf("%s: dialled %q, want %q: %v", address, dialled, want, err)
		}
	}
}

// An address is judged by what a gateway makes of it.
func TestPublicAddress(t *testing.T) {
	for address, public := range map[string]bool{
		"192.0.2.1": true, "10.0.0.1": true, "2001:db8::1": true, "64:ff9b::192.0.2.1": true, "64:ff9b::10.0.0.1": true, "2002:c000:201::1": true,
		"64:ff9b:1::127.0.0.1": true, // of an operator's own prefix, of which nothing is known
		"127.0.0.1":            false, "::1": false, "fe80::1%eth0": false, "64:ff9b::127.0.0.1": false, "64:ff9b::127.0.0.1%eth0": false,
		"64:ff9b::169.254.169.254": false, "64:ff9b::": false, "2002:7f00:1::": false, "2002:e000:1::1": false, "::ffff:127.0.0.1": false,
	} {
		if err := netguard.PublicAddress(netip.MustParseAddr(address)); (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
	}
	if netguard.PublicAddress(netip.Addr{}) == nil {
		t.Error("no address is public")
	}
}
