// Package papers ties the figures in the papers at the root of the module to the tests
// that count them.
package papers

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Says fails the test unless a paper, as "README.md", has a text, whatever its line breaks
// are. The text is written as for fmt.Sprintf; numbers in it get commas, as in "20,000".
func Says(t testing.TB, paper, format string, args ...any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), paper))
	if err != nil {
		t.Fatal(err)
	}
	want := commas(fmt.Sprintf(format, args...))
	whole := regexp.MustCompile(`(^|[^0-9,])` + regexp.QuoteMeta(want)) // and not the end of another number
	if !whole.MatchString(strings.Join(strings.Fields(string(text)), " ")) {
		t.Errorf("%s does not say %q, as this test has counted", paper, want)
	}
}

// root returns the directory of the papers: the first one upwards that has a SECURITY.md.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "SECURITY.md")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no directory with the papers: ", err)
	return ""
}

var thousands = regexp.MustCompile(`(\d)(\d{3})\b`)

// commas puts a comma between the thousands and the hundreds of numbers.
func commas(text string) string { return thousands.ReplaceAllString(text, "$1,$2") }
