package words

import (
	"slices"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/internal/progress"
)

// Demo is said first of the demo.
const Demo = "Demo: invented servers, each with one fault"

// Table is the heading of the table of policies, and Legend what its words mean.
const (
	Table  = "How a mail program is protected, by its setting"
	Legend = "protected: encrypted, and the server is verified. unencrypted: anyone on the way can read and change everything. -: not for this port. All else: no connection, and why."
)

// Who says who the people are that have something to do.
const Who = "Operator: who runs the mail server. Owner of the domain: who sets its DNS and its web pages. You: who uses the mail program."

// Answer says in one sentence whether it is safe.
func Answer(r *report.Report) string {
	if len(r.Findings) == 0 {
		return "Safe: nothing was found that is not as it should be."
	}
	at := func(harms ...report.Harm) string {
		return places(affected(r, harms...))
	}
	switch r.Findings[0].Harm {
	case report.Suspect:
		return "Not safe: do not log in at " + at(report.Suspect) + ", where there may be an attacker."
	case report.Exposed:
		return "Not safe: others can read passwords or mail at " + at(report.Exposed) + "."
	case report.Locked, report.NoLogin, report.Undelivered:
		return "Nothing was found that shows passwords or mail, but " + at(report.Locked, report.NoLogin, report.Undelivered) + " cannot be used as meant."
	case report.Unlike:
		return "Something is not as you expected at " + at(report.Unlike) + "."
	case report.Unknown:
		return "Not known: " + at(report.Unknown) + " could not be looked at."
	}
	return "Safe today, with something to do at " + at(report.Soon, report.Weaker) + "."
}

// affected returns where there are findings of some harms.
func affected(r *report.Report, harms ...report.Harm) (all []string) {
	for _, f := range r.Findings {
		if slices.Contains(harms, f.Harm) {
			all = append(all, f.Where...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// places says how many servers there are, or how many servers and domains.
func places(all []string) string {
	what := "server"
	if slices.ContainsFunc(all, func(where string) bool { return !strings.Contains(where, "://") }) {
		what = "place"
	}
	return progress.Count(len(all), what)
}
