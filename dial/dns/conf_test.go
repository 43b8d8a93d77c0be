package dns_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

func TestConf(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"nameserver 192.0.2.53\n", "[192.0.2.53:53] false"},
		{"# nameserver 192.0.2.1\n; nameserver 192.0.2.2\nnameserver\t2001:db8::1  # ours\nsearch example.org\n", "[[2001:db8::1]:53] false"},
		{"nameserver fe80::1%eth0\n", "[[fe80::1%eth0]:53] false"},
		{"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n", "[192.0.2.1:53 192.0.2.2:53 192.0.2.3:53] false"},
		{"nameserver 192.0.2.1\noptions edns0 trust-ad timeout:1", "[192.0.2.1:53] true"},
		{"nameserver 192.0.2.1\noptions no-trust-ad\nnameserver host.example\nnameserver\n", "[192.0.2.1:53] false"},
		{"", "[127.0.0.1:53] false"},
	} {
		servers, trustAD, err := dns.ReadConf(strings.NewReader(c.text))
		if got := fmt.Sprint(servers, trustAD); err != nil || got != c.want {
			t.Errorf("%q: %s, %v, want %s", c.text, got, err, c.want)
		}
	}
}

// The zero Resolver goes by the file, for each question anew.
func TestConfUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	in(t, func(t *testing.T, n *fakenet.Net) {
		names := zone(n)
		for _, address := range []string{"127.0.0.11:53", "127.0.0.53:53", "[::1]:53"} {
			names.Serve(n, address)
		}
		r := dns.WithConf(path)
		r.Dial = n.DialContext
		for _, c := range []struct{ text, want string }{
			{"search example.org\nnameserver 192.0.2.53", "192.0.2.1"},
			{"nameserver 192.0.2.53\noptions trust-ad", "192.0.2.1; secure"},
			// A forwarder on loopback may hand on the bit of any server.
			{"search example.org\nnameserver 127.0.0.1", "192.0.2.1"},
			{"nameserver 127.0.0.11\noptions ndots:0", "192.0.2.1"},
			{"nameserver ::1", "192.0.2.1"},
			{"", "192.0.2.1"},
			{"nameserver 127.0.0.53\noptions edns0 trust-ad", "192.0.2.1; secure"},
		} {
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := show(r.Ask(t.Context(), "mail.example.org", dnsmessage.TypeA)); got != c.want {
				t.Errorf("%q: %s, want %s", c.text, got, c.want)
			}
			// The search list is not used: mail.example.org exists, mail does not.
			if got := show(r.Ask(t.Context(), "mail", dnsmessage.TypeA)); got != "no such name" {
				t.Errorf("%q: mail: %s", c.text, got)
			}
		}
	})
}

func TestCanonical(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"Example.ORG.", "example.org"},
		{"_imaps._tcp.Example.org", "_imaps._tcp.example.org"},
		{"München.example", "xn--mnchen-3ya.example"},
		{"_imaps._tcp.münchen.example", "_imaps._tcp.xn--mnchen-3ya.example"},
		{"münchen。example", "xn--mnchen-3ya.example"}, // the ideographic full stop is a dot
		{"xn--mnchen-3ya.example", "xn--mnchen-3ya.example"},
		{"_imaps._tcp.a\u202eb.example", ""},
		{"_ä._tcp.example", ""},
		{"_ä", ""},
		{"a b", ""},
		{"..", ""},
		{"*.example.org", ""},
		{"192.0.2.1", ""},
		{"192.0.2.1.", ""},
		{"１９２.0。2.1", ""},
		{"2001:db8::1", ""},
		{"1.2.0.192.in-addr.arpa", "1.2.0.192.in-addr.arpa"},
	} {
		got, err := dns.Canonical(c.name)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}
