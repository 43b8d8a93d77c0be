package words

import (
	"strings"
	"testing"

	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// The answer goes by the worst that was found, and counts each server once.
func TestAnswer(t *testing.T) {
	if got := Answer(new(report.Report)); !strings.HasPrefix(got, "Safe: ") {
		t.Error(got)
	}
	begins := map[report.Harm]string{
		report.Suspect: "Not safe: do not log in at 1 server,", report.Exposed: "Not safe: ", report.Unknown: "Not known: ",
		report.Soon: "Safe today, ", report.Weaker: "Safe today, ", report.Unlike: "Something ",
	}
	for _, h := range report.Harms() {
		f := report.Finding{Harm: h, Where: []string{"imaps://a.test"}}
		got := Answer(&report.Report{Findings: []report.Finding{f, f}})
		if !strings.HasPrefix(got, begins[h]) || !strings.Contains(got, "1 server") {
			t.Errorf("%s: %s", h, got)
		}
		if Heading(h) == string(h) || Severity(h) == "" {
			t.Errorf("%s has no heading", h)
		}
	}
	f := report.Finding{Harm: report.Weaker, Where: []string{"imaps://a.test", "a.test"}}
	if got := Answer(&report.Report{Findings: []report.Finding{f}}); !strings.Contains(got, "2 places") {
		t.Error(got)
	}
}
