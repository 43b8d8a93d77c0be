package interop

import (
	"path/filepath"
	"testing"

	"github.com/mailconn/mailconn/internal/test/papers"
)

// README.md says how many cells the tests have. Each is one that the servers are held to.
func TestPapers(t *testing.T) {
	cells, sessions := 0, 0
	for _, file := range must(filepath.Glob("testdata/matrix/*.txt"))(t) {
		m := matrix{rules: must(readRules(file))(t)}
		table := newTable(file, m.rules.mechanisms)
		for _, c := range m.cells() {
			table.add(c, m.rules.want(c))
		}
		cells, sessions = cells+table.cells, sessions+table.in
	}
	papers.Says(t, "README.md", "(%d cells, %d of them sessions)", cells, sessions)
	papers.Says(t, "README.md", "a man in the middle (%d cells)", readGrid(t, "testdata/attacks.txt").cells())
	papers.Says(t, "README.md", "%d ports of those servers", readGrid(t, "testdata/check.txt").cells())
}
