package words

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/policy"
)

// Heading says what a harm means.
func Heading(h report.Harm) string {
	return cmp.Or(map[report.Harm]string{
		report.Exposed: "Others can read passwords or mail",
		report.Locked:  "Mail programs that take care cannot connect",
		report.Unlike:  "Not as you expected",
		report.Unknown: "Could not be looked at",
		report.Soon:    "Will stop working",
		report.Weaker:  "Weaker than it could be",
	}[h], string(h))
}

// Policies returns the columns of the table, the strongest policy first.
func Policies() []policy.Policy {
	return []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS, policy.OpportunisticSTARTTLS, policy.NoTLS}
}

// Cell says in a few words what a policy comes to at an endpoint; "-" is for one that has
// no meaning on the port.
func Cell(e *report.Endpoint, how policy.Policy) string {
	i := slices.IndexFunc(e.Outcomes, func(o report.Outcome) bool { return o.Policy == how })
	if i < 0 {
		return "-"
	}
	switch o := e.Outcomes[i]; o.Result {
	case report.Protected:
		return "protected"
	case report.Clear:
		return "clear (asked)"
	case report.Downgrade:
		return "clear (said so)"
	default:
		return strings.TrimPrefix(string(o.Reason), "certificate-")
	}
}
