package dialtest

import (
	"context"
	"fmt"
	"strings"
)

// TB is the part of testing.TB that [TestDial] needs.
type TB interface {
	// As in testing.TB.
	Helper()
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// maxTold is how many cases are reported with their transcripts.
const maxTold = 20

// TestDial is [Try] for tests. The findings of each case are an error of t, with the
// transcript of the first finding; from the twenty-first case on without it. The summary
// is logged. An error of Try is an error of t, and TestDial returns nil.
func TestDial(t TB, connect Connect, o TryOptions) *Summary {
	t.Helper()
	s, err := Try(context.Background(), connect, o)
	if err != nil {
		t.Errorf("%v", err)
		return nil
	}
	for n, of := range byCase(s.Findings) {
		t.Errorf("%s", tell(of, n < maxTold))
	}
	t.Logf("\n%v", s)
	return s
}

// byCase groups findings by their cases.
func byCase(all []Finding) [][]Finding {
	var cases [][]Finding
	for i, f := range all {
		if i == 0 || f.Case != all[i-1].Case {
			cases = append(cases, nil)
		}
		last := &cases[len(cases)-1]
		*last = append(*last, f)
	}
	return cases
}

// tell describes the findings of one case. There must be at least one.
func tell(all []Finding, whole bool) string {
	var b strings.Builder
	first := all[0]
	fmt.Fprintf(&b, "%s: %s", first.Case.Name, first.Case.About)
	for _, f := range all {
		fmt.Fprintf(&b, "\n  %v: %s: %s", f.Policy, f.Kind, f.Text)
	}
	if whole {
		fmt.Fprintf(&b, "\n  what was said under %v:", first.Policy)
		for _, line := range first.Transcript {
			fmt.Fprintf(&b, "\n    %s", line)
		}
	}
	return b.String()
}
