// Package api has no code of its own: its tests look at the module as an
// importer sees it. The exported API changes only as CHANGELOG.md says, all of
// it is documented, and every package shows how it is used.
package api

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/test/packages"
)

var update = flag.Bool("update", false, "make the API as it is the one that changes are counted from (at a release)")

const (
	root     = "../../.."
	baseline = "baseline.txt"
	header   = "# The exported API of the last release. To write it anew, at a release:\n#\n#\tgo test ./internal/test/api -update\n"
)

// TestBaseline compares the API with that of the last release. What differs
// must be named in the change log.
func TestBaseline(t *testing.T) {
	all, err := packages.Types(root)
	if err != nil {
		t.Fatal(err)
	}
	var now []string
	for path, pkg := range all {
		now = append(now, render(path, pkg)...)
	}
	slices.Sort(now)
	if *update {
		if err := os.WriteFile(baseline, []byte(header+strings.Join(now, "\n")+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	log, err := unreleased(read(t, root+"/CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	before := strings.Split(strings.TrimSpace(strings.TrimPrefix(read(t, baseline), header)), "\n")
	if unnamed := unnamed(before, now, log); len(unnamed) > 0 {
		t.Errorf("The exported API is not what it was at the last release, and CHANGELOG.md does not say so.\n"+
			"Name each of these in its section \"Unreleased\", as in `dial.Dialer.Timeout`. For a type that\n"+
			"is new or gone its name is enough, for a package its path in backticks.\n\n%s\n", strings.Join(unnamed, "\n"))
	}
	t.Logf("%d entries", len(now))
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// public returns the packages that programs can import.
func public(t *testing.T) []packages.Package {
	t.Helper()
	all, err := packages.All(root)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(p packages.Package) bool { return !p.Public() })
}
