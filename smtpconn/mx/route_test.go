package mx_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/smtpconn/mx"
)

const (
	may  = " tls if offered []"
	hash = "00000000000000000000000000000000000000000000000000000000000000ff"
)

// Where mail goes, by the number of the row in the table of scenarios.
func TestRoute(t *testing.T) {
	for name, c := range map[string]struct {
		zone   []string
		faults map[string]string
		self   []string
		domain string
		want   string
	}{
		"01 by preference": {zone: []string{"d.example MX 20 b.example", "d.example MX 10 a.example", "a.example A 192.0.2.101", "b.example A 192.0.2.102"},
			want: "a.example" + may + "\nb.example" + may},
		"03 null MX": {zone: []string{"d.example MX 0 .", "d.example A 192.0.2.101"}, want: "5.1.10"},
		"04 null MX beside another": {zone: []string{"d.example MX 0 .", "d.example MX 10 a.example", "a.example A 192.0.2.101"},
			want: "a.example" + may},
		"05 no MX":                               {zone: []string{"d.example A 192.0.2.101", "d.example AAAA 2001:db8::1"}, want: "d.example" + may},
		"06 no such domain":                      {want: "5.1.2"},
		"07 SERVFAIL":                            {zone: []string{"d.example A 192.0.2.101"}, faults: map[string]string{"d.example MX": "SERVFAIL"}, want: "4.4.3"},
		"07 REFUSED":                             {zone: []string{"d.example A 192.0.2.101"}, faults: map[string]string{"d.example MX": "REFUSED"}, want: "4.4.3"},
		"08 targets without addresses":           {zone: []string{"d.example MX 10 a.example", "d.example A 192.0.2.101"}, want: "a.example unused"},
		"09 a target that is an alias":           {zone: []string{"d.example MX 10 a.example", "a.example CNAME b.example", "b.example A 192.0.2.101"}, want: "a.example" + may},
		"10 a domain that is an alias in a loop": {zone: []string{"d.example CNAME e.example", "e.example CNAME d.example"}, want: "4.4.3"},
		"11 records that are none": {zone: []string{"d.example MX 5 192.0.2.7", "d.example MX 6 a%b.example", "d.example MX 10 a.example", "a.example A 192.0.2.101"},
			want: "a.example" + may},
		"11 no record that is one": {zone: []string{"d.example MX 5 192.0.2.7"}, want: "5.4.4"},
		"19 own name": {zone: []string{"d.example MX 10 a.example", "d.example MX 20 me.example", "d.example MX 30 c.example", "a.example A 192.0.2.101", "me.example A 192.0.2.102", "c.example A 192.0.2.103"},
			self: []string{"ME.example."}, want: "a.example" + may},
		"19 own address": {zone: []string{"d.example MX 10 a.example", "d.example MX 20 x.example", "d.example MX 20 c.example", "a.example A 192.0.2.101", "x.example A 192.0.2.102", "c.example A 192.0.2.103"},
			self: []string{"192.0.2.102"}, want: "a.example" + may},
		"19 an alias of the own name": {zone: []string{"d.example MX 10 a.example", "d.example MX 20 x.example", "a.example A 192.0.2.101", "x.example CNAME y.example", "y.example CNAME ME.example", "me.example A 192.0.2.102"},
			self: []string{"me.example"}, want: "a.example" + may},
		"19 a domain that is an alias of it": {zone: []string{"d.example CNAME me.example", "me.example A 192.0.2.102"}, self: []string{"me.example"}, want: "5.4.6"},
		"19 own name is the best":            {zone: []string{"d.example MX 10 me.example", "d.example MX 30 c.example"}, self: []string{"me.example"}, want: "5.4.6"},
		"21 an address":                      {domain: "[192.0.2.1]", want: "192.0.2.1" + may},
		"21 an IPv6 address":                 {domain: "[IPv6:2001:db8::1]", want: "2001:db8::1" + may},
		"21 own address":                     {domain: "[192.0.2.1]", self: []string{"192.0.2.1"}, want: "5.4.6"},
		"21 own IPv6 address":                {domain: "[IPv6:2001:DB8:0::1]", self: []string{"2001:db8::1"}, want: "5.4.6"},
		"21 own address, mapped":             {domain: "[IPv6:::ffff:192.0.2.1]", self: []string{"192.0.2.1"}, want: "5.4.6"},
		"22 in Unicode":                      {zone: []string{"xn--bcher-kva.example MX 10 a.example", "a.example A 192.0.2.101"}, domain: "Bücher.example", want: "a.example" + may},
		"37 an address that fails": {zone: []string{"d.example MX 10 a.example", "d.example MX 20 b.example", "a.example A 192.0.2.101", "b.example A 192.0.2.102"},
			faults: map[string]string{"a.example A": "SERVFAIL"}, want: "a.example unused\nb.example" + may},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Names.Add(c.zone...)
			for q, how := range c.faults {
				w.Names.Fail(q, how)
			}
			w.cfg.Self = c.self
			if c.domain == "" {
				c.domain = "d.example"
			}
			w.looks(c.domain, c.want)
			for _, asked := range w.Names.Asked() { // row 24: no search list
				if !strings.HasSuffix(asked[:strings.IndexByte(asked, ' ')], "example") {
					t.Errorf("asked for %s", asked)
				}
			}
			if w.dialledMail() {
				t.Error("a mail server was connected to")
			}
		})
	}
}

// Row 3: a domain that takes no mail costs no question about addresses. Row 4, 11: what is
// wrong with records is told.
func TestRouteOddities(t *testing.T) {
	w := newWorld(t)
	w.Names.Add("d.example MX 0 .", "e.example MX 0 .", "e.example MX 5 192.0.2.7", "e.example MX 10 a.example", "a.example A 192.0.2.101")
	w.looks("d.example", "5.1.10")
	if asked := w.Names.Asked(); !slices.Equal(asked, []string{"d.example MX"}) {
		t.Errorf("asked %v", asked)
	}
	r := w.looks("e.example", "a.example"+may)
	if len(r.Odd) != 2 {
		t.Errorf("odd: %q", r.Odd)
	}
}

// Row 2: hosts of one preference take turns at being the first.
func TestRouteSpreads(t *testing.T) {
	w := newWorld(t)
	for i := range 4 {
		w.Names.Add(fmt.Sprintf("d.example MX 10 h%d.example", i), fmt.Sprintf("h%d.example A 192.0.2.10%d", i, i))
	}
	s, first := w.sender(), map[string]int{}
	for range 200 {
		r, err := s.Look(t.Context(), "d.example")
		if err != nil {
			t.Fatal(err)
		}
		first[r.Hosts[0].Name]++
	}
	for name, n := range first { // 50 on average; fewer than 15 once in millions of runs
		if n < 15 || len(first) != 4 {
			t.Errorf("%s is the first %d times of 200", name, n)
		}
	}
}

// Row 70: what a zone can cost is bounded.
func TestRouteIsBounded(t *testing.T) {
	w := newWorld(t)
	var zone []string
	for i := range 2000 { // about what an answer can hold
		zone = append(zone, fmt.Sprintf("d.signed.example MX 10 h%d.signed.example", i))
	}
	for i := range 500 {
		zone = append(zone, fmt.Sprintf("many.signed.example A 10.0.%d.%d", i/250, i%250+1))
		zone = append(zone, fmt.Sprintf("_25._tcp.many.signed.example TLSA 3 1 1 %064x", i))
	}
	w.Names.Add(append(zone, "e.signed.example MX 10 many.signed.example")...)
	r, err := w.sender().Look(t.Context(), "d.signed.example")
	if err != nil || len(r.Hosts) != 10 || r.More != 1990 {
		t.Fatalf("%v, %d hosts and %d more", err, len(r.Hosts), r.More)
	}
	if asked := len(w.Names.Asked()); asked > 30 {
		t.Errorf("%d questions", asked)
	}
	r = w.looks("e.signed.example", "many.signed.example unused")
	if len(r.Hosts[0].Addrs) > 16 || !strings.Contains(r.Hosts[0].Err.Error(), "TLSA") {
		t.Errorf("%d addresses, %v", len(r.Hosts[0].Addrs), r.Hosts[0].Err)
	}
}

// Rows 66: the most specific rule counts.
func TestRules(t *testing.T) {
	w := newWorld(t)
	w.cfg.Rules = map[string]mx.Rule{
		"": {Level: mx.Encrypt}, ".example": {Level: mx.May}, ".net.example": {Level: mx.Secure},
		"BÜCHER.net.example": {Level: mx.NoTLS}, "[192.0.2.1]": {Level: mx.DANEOnly},
	}
	s := w.sender()
	for domain, want := range map[string]string{
		"example": "", "a.example": ".example", "net.example": ".example", "a.net.example": ".net.example", "a.b.net.example": ".net.example",
		"bücher.net.example": "xn--bcher-kva.net.example", "example.org": "", "[192.0.2.1]": "[192.0.2.1]", "[192.0.2.2]": "",
	} {
		w.Names.Add(strings.ReplaceAll(domain, "bücher", "xn--bcher-kva") + " A 192.0.2.101")
		r, err := s.Look(t.Context(), domain)
		if err != nil || r.Rule != want {
			t.Errorf("%s: %v, rule %q, want %q", domain, err, r.Rule, want)
		}
	}
	for name, rules := range map[string]map[string]mx.Rule{
		"unset": {"a.example": {}}, "no level": {"": {Level: 99}}, "no domain": {"a b": {Level: mx.May}}, "no name": {"": {Level: mx.Secure, Names: []string{"a b"}}},
		"below an address": {".[192.0.2.1]": {Level: mx.May}},
	} {
		if _, err := mx.New(mx.Config{Rules: rules}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
