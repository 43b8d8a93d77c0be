package auth_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/auth"
)

// A mechanism is in the table of the documentation, and meets every behaviour of servers.
func TestMechanismTable(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "//\tmechanism ")
	table, _, _ = strings.Cut(table, "//\n")
	var documented, tested []string
	for _, row := range strings.Split(table, "\n")[1:] {
		if name, _, ok := strings.Cut(strings.TrimPrefix(row, "//\t"), "  "); ok {
			documented = append(documented, name)
		}
	}
	for _, w := range ways {
		tested = append(tested, w.name)
	}
	names := auth.MechanismNames()
	for _, name := range names {
		if !slices.Contains(documented, name) {
			t.Errorf("%s is not in the table of doc.go", name)
		}
		if !slices.Contains(tested, name) {
			t.Errorf("%s is not in the ways of matrix_test.go", name)
		}
	}
	for _, name := range slices.Concat(documented, tested) {
		if !slices.Contains(names, name) {
			t.Errorf("there is no mechanism %s", name)
		}
	}
}
