package hostname_test

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/hostname"
)

// numbers are what inet_aton reads, and more.
var numbers = regexp.MustCompile(`^(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*$`)

// A host has one form, whatever it was written as: a name of labels that are no address by
// any reading, or an address that is written as package netip writes it.
func FuzzNormal(f *testing.F) {
	for _, s := range []string{
		"Mail.Example.ORG.", "müller.example", "192.0.2.1.", "１９２.0.2.1", "::FFFF:192.0.2.1", "fe80::1%Eth0", "::ffff:1.2.3.4%x", "127.1", "0X7f.1",
		"xn--MLLER-kva", "ｘｎ--mller-kva.example", "a。b", "a.b。", "K.example", "1.2.3.0x", "a.0x1", "2130706433", "0x7f000001", "1.2.3.08",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, err := hostname.Normal(s)
		if err != nil {
			return
		}
		for _, same := range []string{host, strings.ToUpper(host), host + "."} {
			if strings.Contains(host, ":") && same != host { // the case of a zone counts
				continue
			}
			if again, err := hostname.Normal(same); again != host && (err == nil || same == host) {
				t.Errorf("%q became %q, and %q became %q, %v", s, host, same, again, err)
			}
		}
		if a, err := netip.ParseAddr(host); err == nil {
			if a.Is4In6() || a.String() != host {
				t.Errorf("%q became %q, which is %v", s, host, a)
			}
			return
		}
		if numbers.MatchString(host) {
			t.Errorf("%q became %q, which C libraries read as an address", s, host)
		}
		if len(host) > 253 || host != strings.ToLower(host) || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			t.Errorf("%q became %q", s, host)
		}
	})
}
