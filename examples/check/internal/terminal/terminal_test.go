package terminal

import (
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/policy"
)

// What a server says does nothing to the terminal, in whatever field it stands.
func TestHostile(t *testing.T) {
	const hostile = "\x1b[2J\u202egnp.exe\x00\a"
	texts := []string{hostile}
	r := &report.Report{
		Asked: texts, Findings: []report.Finding{{ID: hostile, Harm: hostile, Where: texts, What: hostile, Next: hostile}},
		Domain: &report.Domain{
			Name: hostile, Absent: texts, Sources: []report.Source{{Name: hostile, State: hostile, Error: hostile}},
			Reading: []report.Candidate{{Standing: hostile, Proofs: []report.Proof{{Source: hostile, Voucher: hostile, Host: hostile}}, Users: texts, Ways: texts, Issuer: hostile}},
			MX:      &report.MX{Broken: hostile, Error: hostile, STS: &report.STS{Mode: hostile, Hosts: texts}, Hosts: []report.MXHost{{Name: hostile, Demand: hostile, Why: hostile}, {Error: hostile}}},
		},
		Endpoints: []report.Endpoint{{
			URL: dial.MustParseEndpoint("imaps://mail.example.org"), About: hostile, Greeting: hostile,
			Outcomes: []report.Outcome{{Policy: policy.ImplicitTLS, Result: report.None, Reason: hostile, Phase: hostile, Error: hostile, Steps: []report.Step{{Phase: hostile}}}},
			TLS:      &report.TLS{Version: hostile, Suite: hostile, KeyExchange: hostile, ServerName: hostile, Verified: hostile, Root: hostile},
			Chain:    []report.Certificate{{Names: texts, Subject: hostile, Issuer: hostile, Key: hostile}},
			Clear:    &report.Offer{Mechanisms: texts}, Inside: &report.Offer{Capabilities: texts, Mechanisms: texts},
			Login: &report.Login{User: hostile, Mechanism: hostile, Binding: hostile},
		}},
	}
	var out strings.Builder
	if err := Write(&out, r, Style{Long: true}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e\x00\a") || strings.Count(out.String(), "‹U+202E›") < 25 {
		t.Errorf("%q", out.String())
	}
	var coloured strings.Builder
	if err := Write(&coloured, r, Style{Colour: true}); err != nil || !strings.Contains(coloured.String(), "\x1b[1m") {
		t.Errorf("no colours: %v", err)
	}
}

// Texts are broken at blanks, and two blanks stay together where no line ends.
func TestRow(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"one line", "  label         one line\n"},
		{"", "  label         \n"},
		{strings.Repeat("a", 83) + "  b", "  label         " + strings.Repeat("a", 83) + "\n                b\n"},
		{strings.Repeat("a", 90), "  label         " + strings.Repeat("a", 90) + "\n"},
	} {
		p := new(printer)
		if p.row("label", c.text); p.String() != c.want {
			t.Errorf("%q:\n%q, want\n%q", c.text, p.String(), c.want)
		}
	}
}

// A setting stays in one line, whatever blanks it has.
func TestPieces(t *testing.T) {
	if got := wrap("set `ssl = required` now, and `reload", 12); !slices.Equal(got, []string{"set", "`ssl = required`", "now, and", "`reload"}) {
		t.Errorf("%q", got)
	}
}
