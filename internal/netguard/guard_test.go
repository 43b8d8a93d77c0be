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
