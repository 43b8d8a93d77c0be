package interop

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
)

// grid is a table of outcomes in a file: a line with the names of the columns
// after the first, and a line for each row. # begins a comment, "-" is no
// cell.
type grid struct {
	rows, columns []string
	want          map[[2]string]string

	mu  sync.Mutex
	got map[[2]string]string
}

// readGrid reads a grid, which is logged when the test and all below it end.
func readGrid(t *testing.T, name string) *grid {
	t.Helper()
	text := string(must(os.ReadFile(name))(t))
	g := &grid{want: map[[2]string]string{}, got: map[[2]string]string{}}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case g.columns == nil:
			g.columns = f[1:]
		case len(f) != 1+len(g.columns):
			t.Fatalf("%s: %q has %d outcomes", name, f[0], len(f)-1)
		default:
			g.rows = append(g.rows, f[0])
			for i, c := range g.columns {
				g.want[[2]string{f[0], c}] = f[1+i]
			}
		}
	}
	t.Cleanup(func() { t.Log(g) })
	return g
}

// has reports whether there is a cell.
func (g *grid) has(row, column string) bool { return g.want[[2]string{row, column}] != "-" }

// cells returns how many there are.
func (g *grid) cells() (n int) {
	for _, want := range g.want {
		if want != "-" {
			n++
		}
	}
	return n
}

// compare notes what came of a cell, and fails if that was not expected.
func (g *grid) compare(t *testing.T, row, column, got string) {
	t.Helper()
	key := [2]string{row, column}
	g.mu.Lock()
	g.got[key] = got
	g.mu.Unlock()
	if want := g.want[key]; got != want {
		t.Errorf("%s, %s:\n got %s\nwant %s", column, row, got, want)
	}
}

func (g *grid) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cells\n", len(g.got))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\t%s\n", strings.Join(g.columns, "\t"))
	for _, row := range g.rows {
		fmt.Fprint(w, row)
		for _, c := range g.columns {
			fmt.Fprint(w, "\t", g.got[[2]string{row, c}])
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	return b.String()
}
