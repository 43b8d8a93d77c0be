package behind

import (
	"testing"

	"github.com/mailconn/mailconn/internal/test/papers"
)

// The papers say how many cases there are.
func TestPapers(t *testing.T) {
	hostile, odd, others := len(cases(t, "hostile")), len(cases(t, "odd")), len(cases(t, "smtp"))+len(cases(t, "pop3"))
	papers.Says(t, "README.md", "%d files are hostile servers", hostile)
	papers.Says(t, "README.md", "%d hold what real servers write oddly", odd)
	papers.Says(t, "SECURITY.md", "%d oddities", odd)
	papers.Says(t, "SECURITY.md", "%d scripts, each cut in three ways: 0 crashes", hostile)
	papers.Says(t, "SECURITY.md", "%d scripts, each cut in three ways: the same", others)
}
