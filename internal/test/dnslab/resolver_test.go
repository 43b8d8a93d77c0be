package dnslab

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/test/dnslab/nameservers"
)

// What a validating resolver and a signing name server say, as dial/dns has it.
func TestResolver(t *testing.T) {
	records := []string{
		"@ MX 10 mail", "mail A 192.0.2.1", "_25._tcp.mail TYPE52 \\# 35 030101" + strings.Repeat("ab", 32),
		"tlsa CNAME _25._tcp.mail", "alias CNAME alias2", "alias2 CNAME mail", "away CNAME mail.plain.example.", "loop CNAME loop",
		"_imaps._tcp SRV 0 0 0 .", "big TXT" + strings.Repeat(` "`+strings.Repeat("x", 250)+`"`, 13), "gone CNAME nowhere",
	}
	s := nameservers.StartNSD(t,
		nameservers.Zone{Name: "signed.example", Signed: true, Records: records},
		nameservers.Zone{Name: "bogus.example", Signed: true, Expired: true, Records: records},
		nameservers.Zone{Name: "plain.example", Records: records},
	)
	validating := nameservers.StartUnbound(t, s, s.Port)
	const tlsa = dnsmessage.Type(52)
	for _, c := range []struct {
		name string
		kind dnsmessage.Type
		want string // with "secure" for the signed zone only
	}{
		{"", dnsmessage.TypeMX, "1 record; secure"},
		{"mail.", dnsmessage.TypeA, "1 record; secure"},
		{"mail.", dnsmessage.TypeAAAA, "no data; secure"},
		{"nowhere.", dnsmessage.TypeA, "no such name; secure"},
		{"_25._tcp.mail.", tlsa, "1 record; secure"},
		{"tlsa.", tlsa, "1 record by _25._tcp.mail.ZONE; secure"},
		{"alias.", dnsmessage.TypeA, "1 record by alias2.ZONE,mail.ZONE; secure"},
		{"alias.", dnsmessage.TypeMX, "no data by alias2.ZONE,mail.ZONE; secure"},
		{"alias.", dnsmessage.TypeCNAME, "1 record; secure"},
		{"gone.", dnsmessage.TypeA, "no such name by nowhere.ZONE; secure"},
		{"away.", dnsmessage.TypeA, "1 record by mail.plain.example"}, // out of the signed zone
		{"loop.", dnsmessage.TypeA, "failed"},
		{"_imaps._tcp.", dnsmessage.TypeSRV, "1 record; secure"},
		{"big.", dnsmessage.TypeTXT, "1 record; secure"}, // 3 KB: over TCP
	} {
		for _, zone := range []string{"signed.example", "plain.example", "bogus.example"} {
			want := strings.ReplaceAll(c.want, "ZONE", zone)
			switch zone {
			case "plain.example":
				want = strings.TrimSuffix(want, "; secure")
			case "bogus.example":
				want = "failed"
			}
			a, err := nameservers.Resolver(validating).Ask(t.Context(), c.name+zone, c.kind)
			if got := show(a, err); got != want {
				t.Errorf("%s%s %v: %s (%v), want %s", c.name, zone, c.kind, got, err, want)
			}
			var failed *dns.Error
			if err != nil && (!errors.As(err, &failed) || failed.RCode != dnsmessage.RCodeServerFailure) {
				t.Errorf("%s%s %v: %v", c.name, zone, c.kind, err)
			}
		}
	}
	// The name server itself answers, and vouches for nothing. It knows no other
	// zones, and refuses, which is no absence.
	a, err := nameservers.Resolver(s.Port).Ask(t.Context(), "bogus.example", dnsmessage.TypeMX)
	if got := show(a, err); got != "1 record" {
		t.Errorf("without validation: %s, %v", got, err)
	}
	if a, err = nameservers.Resolver(s.Port).Ask(t.Context(), "other.example", dnsmessage.TypeMX); err == nil {
		t.Errorf("a zone that is not served: %s", show(a, err))
	}
}

// show writes an answer in one line.
func show(a *dns.Answer, err error) string {
	if err != nil {
		return "failed"
	}
	s := a.Absent.String()
	if n := len(a.Records); n > 0 {
		s = fmt.Sprint(n, " record")
	}
	if a.Chain != nil {
		s += " by " + strings.Join(a.Chain, ",")
	}
	if a.Secure {
		s += "; secure"
	}
	return s
}
