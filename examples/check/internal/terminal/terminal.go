// Package terminal writes a report as text of at most 100 columns.
package terminal

import (
	"fmt"
	"io"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/check/internal/words"
)

// Style is how to write.
type Style struct {
	Colour bool // with the escape sequences of a terminal
	Long   bool // with all that is known of each endpoint
}

// Write writes r.
func Write(w io.Writer, r *report.Report, s Style) error {
	p := &printer{Style: s}
	if r.Demo {
		p.title("%s", words.Demo)
	}
	p.title("%s", words.Answer(r))
	p.findings(r.Findings)
	if r.Domain != nil {
		p.facts(r.Domain.Name, words.DomainFacts(r.Domain))
	}
	p.table(r.Endpoints)
	if s.Long {
		for i := range r.Endpoints {
			e := &r.Endpoints[i]
			p.facts(e.URL.String(), append(words.Facts(e), words.Details(e)...))
		}
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// printer collects the text.
type printer struct {
	strings.Builder
	Style
}

// title writes a line on its own, with an empty one before it unless it is the first.
func (p *printer) title(format string, args ...any) {
	if p.Len() > 0 {
		p.WriteByte('\n')
	}
	p.WriteString(p.in(bold, report.Visible(fmt.Sprintf(format, args...))) + "\n")
}

// Escape sequences for a terminal.
const (
	bold   = "1"
	red    = "31"
	yellow = "33"
	green  = "32"
)

// in returns a text in a colour, if there are any.
func (p *printer) in(colour, text string) string {
	if !p.Colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// The layout of a row: a label, and a text that is broken into lines.
const (
	labelWidth = 14
	width      = 100
)

// facts writes what is known of something.
func (p *printer) facts(title string, all []words.Fact) {
	p.title("%s", title)
	for _, f := range all {
		p.row(f.Label, f.Text)
	}
}

// row writes a label and a text, which may be a server's.
func (p *printer) row(label, text string) {
	for _, line := range wrap(report.Visible(text), width-labelWidth-2) {
		fmt.Fprintf(p, "  %-*s%s\n", labelWidth, report.Visible(label), line)
		label = ""
	}
}

// wrap breaks a text at its blanks, but for those between backquotes.
func wrap(text string, most int) (lines []string) {
	line := ""
	for _, word := range pieces(text) {
		if line != "" && len(line)+1+len(word) > most {
			lines = append(lines, strings.TrimRight(line, " "))
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// pieces returns what of a text stays in one line.
func pieces(text string) (all []string) {
	inside := false
	for word := range strings.SplitSeq(text, " ") {
		if inside {
			all[len(all)-1] += " " + word
		} else {
			all = append(all, word)
		}
		inside = inside != (strings.Count(word, "`")%2 == 1)
	}
	return all
}

// findings writes what is wrong, the most harmful first.
func (p *printer) findings(all []report.Finding) {
	var harm report.Harm
	for _, f := range all {
		if f.Harm != harm {
			harm = f.Harm
			p.title("%s", words.Heading(harm))
		}
		mark, colour := "!", red
		if harm == report.Soon || harm == report.Weaker || harm == report.Unknown {
			mark, colour = "-", yellow
		}
		where := report.Visible(strings.Join(f.Where, " "))
		fmt.Fprintf(p, "  %s %s (%s)\n", p.in(colour, mark), p.in(bold, where), report.Visible(words.Severity(harm)))
		p.paragraph("    ", f.What)
		p.paragraph("    -> ", f.Next)
	}
	if len(all) > 0 {
		p.WriteByte('\n')
		p.paragraph("", words.Who)
	}
}

// paragraph writes a text in lines, the first of them after a beginning and the others
// below it.
func (p *printer) paragraph(begin, text string) {
	for _, line := range wrap(report.Visible(text), width-len(begin)) {
		p.WriteString(begin + line + "\n")
		begin = strings.Repeat(" ", len(begin))
	}
}
