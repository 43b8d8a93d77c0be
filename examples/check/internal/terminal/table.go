package terminal

import (
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/check/internal/words"
)

// table writes what each policy comes to at each endpoint.
func (p *printer) table(all []report.Endpoint) {
	if len(all) == 0 {
		return
	}
	rows := [][]string{{"What each policy gets", "implicit", "required", "opportunistic", "no-tls"}}
	for i := range all {
		row := []string{all[i].URL.String()}
		for _, how := range words.Policies() {
			row = append(row, report.Visible(words.Cell(&all[i], how)))
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
