// Package webpage writes a report as one page that needs nothing else: no script, no
// network, no file beside it.
package webpage

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/check/internal/words"
	"github.com/mailconn/mailconn/examples/internal/progress"
	"github.com/mailconn/mailconn/policy"
)

//go:embed page.html
var page string

//go:embed style.css
var style string

// Write writes r. Every text of a server is escaped by html/template, and what is not
// printable in it is made visible.
func Write(w io.Writer, r *report.Report) error {
	t, err := template.New("page").Funcs(functions()).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, newContent(r))
}

// functions returns what the page calls.
func functions() template.FuncMap {
	return template.FuncMap{
		"style":   func() template.CSS { return template.CSS(style) },
		"v":       func(text any) string { return report.Visible(fmt.Sprint(text)) },
		"minute":  func(t time.Time) string { return t.Format("2006-01-02 15:04 UTC") },
		"domain":  words.DomainFacts,
		"columns": words.Policies,
		"cell":    func(c card, how policy.Policy) string { return words.Cell(c.Endpoint, how) },
		"count":   progress.Count,
		"parts":   parts,
		"word":    words.Severity,
		"demo":    func() string { return words.Demo },
		"table":   func() string { return words.Table },
		"legend":  func() string { return words.Legend },
		"who":     func() string { return words.Who },
	}
}

// part is a piece of a sentence: a setting, or what is around it.
type part struct {
	Text string
	Code bool
}

// parts splits a sentence at its backquotes.
func parts(text string) (all []part) {
	for i, piece := range strings.Split(text, "`") {
		all = append(all, part{piece, i%2 == 1})
	}
	return all
}

// content is what the page shows.
type content struct {
	*report.Report
	Answer string
	Groups []group
	Cards  []card
	Good   int // how many servers have no findings
}

// First is the finding to begin with.
func (c *content) First() finding { return c.Groups[0].Findings[0] }

// group is the findings of one harm.
type group struct {
	Harm     report.Harm
	Heading  string
	Findings []finding
}

// maxPlaces bounds how many places the summary has of one harm.
const maxPlaces = 4

// Places returns the first places that the findings are about.
func (g group) Places() (all []place) {
	for _, f := range g.Findings {
		for _, p := range f.Places {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

// Few returns the places that the summary shows, and More how many others there are.
func (g group) Few() []place { return g.Places()[:min(len(g.Places()), maxPlaces)] }

func (g group) More() int { return max(len(g.Places())-maxPlaces, 0) }

type finding struct {
	report.Finding
	Places []place
}

// place is where a finding was made, with the card of a server.
type place struct{ Text, Card string }

// card is one server.
type card struct {
	*report.Endpoint
	ID    string
	Harm  report.Harm // the worst that was found, "" for nothing
	State string
	Facts []words.Fact
	Chart chart
}

func newContent(r *report.Report) *content {
	c := &content{Report: r, Answer: words.Answer(r)}
	for i := range r.Endpoints {
		e := &r.Endpoints[i]
		one := card{Endpoint: e, ID: fmt.Sprintf("server-%d", i+1), State: "As it should be", Facts: words.Facts(e), Chart: newChart(e.Main().Steps)}
		if worst := slices.IndexFunc(r.Findings, func(f report.Finding) bool { return slices.Contains(f.Where, e.URL.String()) }); worst >= 0 {
			one.Harm = r.Findings[worst].Harm
			one.State = words.Heading(one.Harm)
		} else {
			c.Good++
		}
		c.Cards = append(c.Cards, one)
	}
	for _, f := range r.Findings { // which are in the order of their harm
		if n := len(c.Groups); n == 0 || c.Groups[n-1].Harm != f.Harm {
			c.Groups = append(c.Groups, group{Harm: f.Harm, Heading: words.Heading(f.Harm)})
		}
		last := &c.Groups[len(c.Groups)-1]
		last.Findings = append(last.Findings, finding{f, c.places(f)})
	}
	return c
}

// places returns where a finding was made.
func (c *content) places(f report.Finding) (all []place) {
	for _, where := range f.Where {
		p := place{Text: where}
		if i := slices.IndexFunc(c.Cards, func(one card) bool { return one.URL.String() == where }); i >= 0 {
			p.Card = c.Cards[i].ID
		}
		all = append(all, p)
	}
	return all
}
