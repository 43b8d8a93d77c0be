// Package api has no code of its own: its tests look at the module as an
// importer sees it. The exported API changes only as CHANGELOG.md says, all of
// it is documented, and every package shows how it is used.
package api

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "make the API as it is the one that changes are counted from (at a release)")

const (
	baseline  = "baseline.txt"
	changelog = "../../../CHANGELOG.md"
)

const header = "# The exported API of the last release. To write it anew, at a release:\n#\n#\tgo test ./internal/test/api -update\n"

// TestBaseline compares the API with that of the last release. What differs
// must be named in the change log.
func TestBaseline(t *testing.T) {
	now := exported(t)
	if *update {
		text := header + strings.Join(now, "\n") + "\n"
		if err := os.WriteFile(baseline, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	log, err := unreleased(read(t, changelog))
	if err != nil {
		t.Fatal(err)
	}
	if unnamed := unnamed(entries(read(t, baseline)), now, log); len(unnamed) > 0 {
		t.Errorf("The exported API is not what it was at the last release, and %s does not say so.\n"+
			"Name each of these in its section \"Unreleased\", as in `dial.Dialer.Timeout`. For a type that\n"+
			"is new or gone its name is enough, for a package its path in backticks.\n\n%s\n",
			filepath.Base(changelog), strings.Join(unnamed, "\n"))
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

// entries returns the lines of a baseline, without its comments.
func entries(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}
