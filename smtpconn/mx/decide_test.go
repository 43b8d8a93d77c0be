package mx_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/smtpconn/mx"
)

// What a connection must have, by the number of the row in the table of scenarios. All
// zones below signed.example are signed.
func TestDecide(t *testing.T) {
	signed := []string{"d.signed.example MX 10 a.signed.example", "a.signed.example A 192.0.2.101"}
	tlsa := append([]string{"_25._tcp.a.signed.example TLSA 3 1 1 " + hash}, signed...)
	with := func(zone []string, more ...string) []string { return append(append([]string{}, zone...), more...) }
	const byTLSA = "a.signed.example tls by tlsa [a.signed.example d.signed.example]"
	const unused = "a.signed.example unused"
	for name, c := range map[string]struct {
		zone       []string
		faults     []string // that are SERVFAIL
		level      mx.Level // 0: DANE
		untrusted  bool
		port       uint16
		domain     string
		want, only string // under DANE, and under DANEOnly
	}{
		"25 signed all the way": {zone: tlsa, want: byTLSA, only: byTLSA},
		"30 a usage for others": {zone: with(signed, "_25._tcp.a.signed.example TLSA 1 1 1 "+hash), want: "a.signed.example tls []", only: unused},
		"30 31 bytes":           {zone: with(signed, "_25._tcp.a.signed.example TLSA 3 1 1 "+hash[2:]), want: "a.signed.example tls []", only: unused},
		"30 no data":            {zone: with(signed, "_25._tcp.a.signed.example TLSA 3 9 1 "+hash), want: "a.signed.example tls []", only: unused},
		"31 mixed":              {zone: with(tlsa, "_25._tcp.a.signed.example TLSA 0 0 1 "+hash), want: byTLSA, only: byTLSA},
		"32 TLSA fails":         {zone: tlsa, faults: []string{"_25._tcp.a.signed.example TLSA"}, want: unused, only: unused},
		"33 no TLSA":            {zone: signed, want: "a.signed.example" + may, only: unused},
		"34 a host in an unsigned zone": {zone: []string{"d.signed.example MX 10 a.example", "a.example A 192.0.2.101", "_25._tcp.a.example TLSA 3 1 1 " + hash},
			want: "a.example" + may, only: "a.example unused"},
		"35 a domain in an unsigned zone": {zone: with(tlsa, "d.example MX 10 a.signed.example"), domain: "d.example", want: "a.signed.example" + may, only: unused},
		"36 the domain is bogus":          {zone: tlsa, faults: []string{"d.signed.example MX"}, want: "4.4.3", only: "4.4.3"},
		"37 the address is bogus":         {zone: tlsa, faults: []string{"a.signed.example A"}, want: unused, only: unused},
		"38 an alias, records at its end": {zone: []string{"d.signed.example MX 10 b.signed.example", "b.signed.example CNAME a.signed.example", "a.signed.example A 192.0.2.101", "_25._tcp.a.signed.example TLSA 3 1 1 " + hash},
			want: "b.signed.example tls by tlsa [a.signed.example d.signed.example]", only: "b.signed.example tls by tlsa [a.signed.example d.signed.example]"},
		"38 records at the alias": {zone: []string{"d.signed.example MX 10 b.signed.example", "b.signed.example CNAME a.signed.example", "a.signed.example A 192.0.2.101", "_25._tcp.b.signed.example TLSA 3 1 1 " + hash},
			want: "b.signed.example tls by tlsa [b.signed.example d.signed.example]", only: "b.signed.example tls by tlsa [b.signed.example d.signed.example]"},
		"38 records at both": {zone: []string{"d.signed.example MX 10 b.signed.example", "b.signed.example CNAME a.signed.example", "a.signed.example A 192.0.2.101", "_25._tcp.a.signed.example TLSA 3 1 1 " + hash, "_25._tcp.b.signed.example TLSA 3 1 1 " + hash},
			want: "b.signed.example tls by tlsa [a.signed.example d.signed.example]", only: "b.signed.example tls by tlsa [a.signed.example d.signed.example]"},
		"39 an alias into an unsigned zone": {zone: []string{"d.signed.example MX 10 b.signed.example", "b.signed.example CNAME a.example", "a.example A 192.0.2.101", "_25._tcp.a.example TLSA 3 1 1 " + hash, "_25._tcp.b.signed.example TLSA 3 1 1 " + hash},
			want: "b.signed.example tls by tlsa [b.signed.example d.signed.example]", only: "b.signed.example tls by tlsa [b.signed.example d.signed.example]"},
		"39 no records at the alias": {zone: []string{"d.signed.example MX 10 b.signed.example", "b.signed.example CNAME a.example", "a.example A 192.0.2.101", "_25._tcp.a.example TLSA 3 1 1 " + hash},
			want: "b.signed.example" + may, only: "b.signed.example unused"},
		"40 TLSA is an alias": {zone: with(signed, "_25._tcp.a.signed.example CNAME t.signed.example", "t.signed.example TLSA 3 1 1 "+hash), want: byTLSA, only: byTLSA},
		"40 of an unsigned name": {zone: with(signed, "_25._tcp.a.signed.example CNAME t.example", "t.example TLSA 3 1 1 "+hash),
			want: "a.signed.example" + may, only: unused},
		"42 the resolver is not trusted": {zone: tlsa, untrusted: true, want: "a.signed.example" + may, only: unused},
		"46 another port":                {zone: with(signed, "_2525._tcp.a.signed.example TLSA 3 1 1 "+hash), port: 2525, want: byTLSA, only: byTLSA},
		"the domain is an alias, signed": {zone: with(tlsa, "e.signed.example CNAME d.signed.example"), domain: "e.signed.example",
			want: "a.signed.example tls by tlsa [a.signed.example e.signed.example d.signed.example]", only: "a.signed.example tls by tlsa [a.signed.example e.signed.example d.signed.example]"},
		"no MX": {zone: []string{"d.signed.example A 192.0.2.101", "_25._tcp.d.signed.example TLSA 3 1 1 " + hash},
			want: "d.signed.example tls by tlsa [d.signed.example]", only: "d.signed.example tls by tlsa [d.signed.example]"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Names.Add(c.zone...)
			for _, q := range c.faults {
				w.Names.Fail(q, "SERVFAIL")
			}
			w.cfg.Port, w.cfg.Resolver.TrustAD = c.port, !c.untrusted
			if c.domain == "" {
				c.domain = "d.signed.example"
			}
			w.looks(c.domain, c.want)
			w.rule(mx.DANEOnly).looks(c.domain, c.only)
			for _, asked := range w.Names.Asked() {
				if strings.Contains(asked, "TLSA") && (c.untrusted || strings.HasPrefix(name, "34") || strings.HasPrefix(name, "35")) {
					t.Errorf("asked %s", asked) // row 34
				}
			}
		})
	}
}

// Rows 42, 43: the reason says what is missing.
func TestDecideSaysWhy(t *testing.T) {
	w := newWorld(t)
	w.Names.Add("d.signed.example MX 10 a.signed.example", "a.signed.example A 192.0.2.101", "e.example MX 10 a.example", "a.example A 192.0.2.102")
	w.cfg.Resolver.TrustAD = false
	if r := w.looks("d.signed.example", "a.signed.example"+may); !strings.Contains(r.Hosts[0].Why, "resolver not trusted") || r.Why == "" {
		t.Errorf("%q, %q", r.Why, r.Hosts[0].Why)
	}
	if r := w.looks("e.example", "a.example"+may); !strings.Contains(r.Hosts[0].Why, "not validated") {
		t.Errorf("%q", r.Hosts[0].Why)
	}
	if r := w.rule(mx.DANEOnly).looks("d.signed.example", "a.signed.example unused"); !errors.Is(r.Hosts[0].Err, mx.ErrNoTLSA) || !strings.Contains(r.Hosts[0].Err.Error(), "MX records: resolver not trusted") {
		t.Errorf("%v", r.Hosts[0].Err)
	}
}

// The operator's own rules do not ask what the recipient publishes.
func TestDecideByOperator(t *testing.T) {
	w := newWorld(t)
	w.Names.Add("d.example MX 10 a.example", "a.example A 192.0.2.101", "d.signed.example MX 10 a.signed.example", "a.signed.example A 192.0.2.101", "_25._tcp.a.signed.example TLSA 3 1 1 "+hash)
	w.sts("d.example", "1", enforce("a.example"))
	for level, want := range map[mx.Level]string{mx.NoTLS: "in the clear []", mx.May: "tls if offered []", mx.Encrypt: "tls []"} {
		w.rule(level).looks("d.example", "a.example "+want)
		w.rule(level).looks("d.signed.example", "a.signed.example "+want)
	}
	w.rule(mx.Secure, "Mail.Bank.example").looks("d.example", "a.example tls by name [d.example mail.bank.example]") // row 59
	w.rule(mx.Secure).looks("d.signed.example", "a.signed.example tls by name [d.signed.example a.signed.example]")
	w.rule(mx.Secure).looks("[192.0.2.1]", "192.0.2.1 tls by name [192.0.2.1]") // row 21
	w.rule(mx.DANEOnly).looks("[192.0.2.1]", "192.0.2.1 unused")
	for _, asked := range w.Names.Asked() {
		if strings.Contains(asked, "TLSA") || strings.Contains(asked, "_mta-sts") {
			t.Errorf("asked %s", asked)
		}
	}
}
