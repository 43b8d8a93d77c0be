package interop

import (
	"bytes"
	"fmt"
	"strings"
	"text/tabwriter"
)

// table shows a matrix to people: a line for each scenario and policy, a
// column for each mechanism if the mechanism makes a difference.
type table struct {
	title      string
	mechanisms []string
	order      []string
	lines      map[string][]string
	cells      int
	in         int // cells that ended in a session
}

func newTable(title string, mechanisms []string) *table {
	return &table{title: title, mechanisms: mechanisms, lines: map[string][]string{}}
}

func (t *table) add(c cell, outcome string) {
	name := c.scenario + "\t" + c.policy.String()
	if t.lines[name] == nil {
		t.order = append(t.order, name)
	}
	t.lines[name] = append(t.lines[name], outcome)
	t.cells++
	if _, login, _ := strings.Cut(outcome, " "); login == "in" || strings.HasPrefix(login, "in:") {
		t.in++
	}
}

func (t *table) String() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %d cells, %d of them sessions\n", t.title, t.cells, t.in)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\t\tconnection\t%s\n", strings.Join(t.mechanisms, "\t"))
	for _, name := range t.order {
		fmt.Fprintf(w, "%s\t%s\n", name, row(t.lines[name]))
	}
	w.Flush()
	return b.String()
}

// row is what came of one scenario under one policy.
func row(outcomes []string) string {
	connection, _, ended := strings.Cut(outcomes[0], " ")
	if !ended {
		return connection
	}
	logins := make([]string, len(outcomes))
	for i, o := range outcomes {
		_, logins[i], _ = strings.Cut(o, " ")
	}
	return connection + "\t" + strings.Join(logins, "\t")
}
