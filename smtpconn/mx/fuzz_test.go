package mx_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// Whatever a policy host says, a policy is whole, bounded, and reads the same when it was
// stored.
func FuzzPolicy(f *testing.F) {
	f.Add(enforce("a.example", "*.example.net"))
	f.Add("version: STSv1\nmode: none\nmax_age: 0\n")
	f.Add("version: STSv1\nmode: testing\nmax_age: 99999999999\nmx: *\nmx: *.x\nid: 9\nfetched: 2020-01-01T00:00:00Z\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := mx.ParsePolicy(text)
		if err != nil {
			return
		}
		if !strings.Contains(text, "STSv1") || p.Mode != mx.None && len(p.MX) == 0 || len(p.MX) > 256 || p.MaxAge < 0 || p.MaxAge > 366*24*time.Hour {
			t.Errorf("%q became %+v", text, p)
		}
		for _, pattern := range p.MX {
			host := strings.TrimPrefix(pattern, "*.")
			if name, err := dns.Canonical(host); err != nil || name != host {
				t.Errorf("%q names %q, which no host is called", text, pattern)
			}
		}
		p.ID, p.Fetched = "x1", time.Now().Truncate(time.Second).UTC()
		again, err := mx.ParseStored(string(mx.PolicyText(p)))
		if err != nil || again.ID != p.ID || !again.Fetched.Equal(p.Fetched) || again.Mode != p.Mode || again.MaxAge != p.MaxAge || strings.Join(again.MX, " ") != strings.Join(p.MX, " ") {
			t.Errorf("%+v was read as %+v, %v", p, again, err)
		}
	})
}

// An id is what RFC 8461 §3.1 allows, and comes from one record.
func FuzzPolicyID(f *testing.F) {
	f.Add("v=STSv1; id=20160831085700Z;", "v=spf1 -all")
	f.Add("v=STSv1 ; x=y; id=1", "v=STSv1; id=2")
	f.Add("", "v=STSv1;id=;id=a")
	f.Fuzz(func(t *testing.T, a, b string) {
		id := mx.PolicyID([]string{a, b})
		if id == "" {
			return
		}
		if len(id) > 32 || strings.HasPrefix(a, "v=STSv1") == strings.HasPrefix(b, "v=STSv1") && strings.HasPrefix(a, "v=STSv1;") && strings.HasPrefix(b, "v=STSv1;") {
			t.Errorf("%q, %q: id %q", a, b, id)
		}
		if id != mx.PolicyID([]string{b, a}) {
			t.Errorf("%q, %q: the order counts", a, b)
		}
	})
}

// A domain is read the same when it was written.
func FuzzDomain(f *testing.F) {
	for _, s := range []string{"example.org", "[192.0.2.1]", "[IPv6:2001:db8::1]", "bücher.example", "[x", "2001:db8::1", "[::ffff:192.0.2.1]", "192.0.2.1.", "１９２.0.2.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		written, err := mx.ParseDomain(s)
		if err != nil {
			return
		}
		for _, same := range []string{written, strings.ToUpper(written), written + ".", strings.Trim(written, "[]")} {
			again, err := mx.ParseDomain(same)
			if again != written && (err == nil || same == written) {
				t.Errorf("%q became %q, and %q %q, %v", s, written, same, again, err)
			}
		}
		a, err := netip.ParseAddr(strings.TrimPrefix(strings.Trim(written, "[]"), "IPv6:"))
		if literal := strings.HasPrefix(written, "["); literal != (err == nil) || literal && (a.Is4In6() || a.Zone() != "") {
			t.Errorf("%q became %q", s, written)
		}
	})
}
