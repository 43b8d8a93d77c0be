package dialtest

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// Tally counts what came of some tries.
type Tally struct {
	Tries    int // all of them
	Refused  int // connect returned an error
	Clear    int // connect returned nil, without TLS
	TLS      int // connect returned nil, and there was TLS
	Hung     int // connect did not return in time
	Findings int // what was wrong, several times in a try perhaps
}

// Summary is what came of all tries.
type Summary struct {
	// Total counts all tries, and Classes those of each class of cases.
	Total   Tally
	Classes map[string]Tally
	// Findings is what was wrong, in the order of the cases; nil if nothing
	// was.
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
