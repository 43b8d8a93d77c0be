package dialtest

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// Tally counts the results of tries: calls of a [Connect], one for each case and policy.
type Tally struct {
	Tries    int // all tries
	Refused  int // the Connect returned an error
	Clear    int // the Connect returned nil, without TLS
	TLS      int // the Connect returned nil, with TLS
	Hung     int // the Connect did not return in time
	Findings int // findings, of which a try may have several
}

// Summary is the result of [Try].
type Summary struct {
	// Total counts all tries, and Classes those of each class of cases.
	Total   Tally
	Classes map[string]Tally
	// Findings has what the program did wrong, in the order of the cases; nil if there is
	// nothing.
	Findings []Finding
}

func summarize(tries []*try) *Summary {
	s := &Summary{Classes: map[string]Tally{}}
	for _, t := range tries {
		class := s.Classes[t.c.Class()]
		class.add(t)
		s.Classes[t.c.Class()] = class
		s.Total.add(t)
		s.Findings = append(s.Findings, t.findings...)
	}
	return s
}

func (y *Tally) add(t *try) {
	y.Tries++
	y.Findings += len(t.findings)
	switch {
	case t.hung:
		y.Hung++
	case t.err != nil:
		y.Refused++
	case t.report.Handshakes > 0:
		y.TLS++
	default:
		y.Clear++
	}
}

// Kinds counts the findings of each kind.
func (s *Summary) Kinds() map[Kind]int {
	kinds := map[Kind]int{}
	for _, f := range s.Findings {
		kinds[f.Kind]++
	}
	return kinds
}

// String returns a table with a line for each class of cases, and one for the
// total.
func (s *Summary) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, y Tally) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", name, y.Tries, y.Refused, y.Clear, y.TLS, y.Hung, y.Findings)
	}
	fmt.Fprint(w, "class\ttries\trefused\tin the clear\tTLS\thung\tfindings\t\n")
	names := []string{}
	for name := range s.Classes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		row(name, s.Classes[name])
	}
	row("all", s.Total)
	w.Flush()
	return b.String()
}
