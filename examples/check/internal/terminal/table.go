package terminal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/policy"
)

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

// table writes what each policy comes to at each endpoint.
func (p *printer) table(all []report.Endpoint) {
	if len(all) == 0 {
		return
	}
	rows := [][]string{{"What each policy gets", "implicit", "required", "opportunistic", "no-tls"}}
	for i := range all {
		row := []string{all[i].URL.String()}
		for _, how := range Policies() {
			row = append(row, report.Visible(Cell(&all[i], how)))
		}
		rows = append(rows, row)
	}
	p.WriteByte('\n')
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	for n, row := range rows {
		line := ""
		for i, cell := range row {
			text := fmt.Sprintf("%-*s", widths[i]+2, cell)
			switch {
			case n == 0:
				text = p.in(bold, text)
			case cell == "protected":
				text = p.in(green, text)
			}
			line += text
		}
		p.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}
