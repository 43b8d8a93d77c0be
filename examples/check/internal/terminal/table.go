package terminal

import (
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/check/internal/words"
)

// table writes what each policy comes to at each endpoint.
func (p *printer) table(all []report.Endpoint) {
	if len(all) == 0 {
		return
	}
	first, second := []string{""}, []string{"Server"}
	for _, how := range words.Policies() { // whose names are too long for one line
		begin, end, _ := strings.Cut(how.String(), "-")
		first, second = append(first, begin+"-"), append(second, end)
	}
	rows := [][]string{first, second}
	for i := range all {
		row := []string{all[i].URL.String()}
		for _, how := range words.Policies() {
			row = append(row, report.Visible(words.Cell(&all[i], how)))
		}
		rows = append(rows, row)
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	p.title("%s", words.Table)
	for n, row := range rows {
		p.cells(row, widths, n < 2)
	}
	p.paragraph("", words.Legend)
}

// cells writes a row of a table. The last cell is not filled up.
func (p *printer) cells(row []string, widths []int, title bool) {
	for i, cell := range row {
		fill := strings.Repeat(" ", widths[i]-len(cell)+2)
		if i == len(row)-1 {
			fill = ""
		}
		switch {
		case title:
			cell = p.in(bold, cell)
		case cell == "protected":
			cell = p.in(green, cell)
		}
		p.WriteString(cell + fill)
	}
	p.WriteByte('\n')
}
