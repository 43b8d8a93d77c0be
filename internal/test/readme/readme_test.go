// Package readme checks the papers at the root of the module: the Go code of README.md
// compiles and runs, and the paths and tests that they name exist.
package readme

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/papers"
	"github.com/mailconn/mailconn/policy"
)

const root = "../../.."

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every block of Go in README.md is in a Go file below examples or in this package. So it
// compiles, and a test runs it.
func TestCode(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(read(t, "README.md"), -1)
	if len(blocks) < 5 {
		t.Fatalf("%d blocks of Go", len(blocks))
	}
	all := files(t, "internal/test/readme", "_test.go") + files(t, "examples", ".go")
	for _, b := range blocks {
		if !strings.Contains(all, "\n"+b[1]) {
			t.Errorf("not in examples or in this package:\n%s", b[1])
		}
	}
}

// Every path that a paper names exists: the targets of links, and names in backticks or
// in a list that begin with a directory of the root.
func TestPaths(t *testing.T) {
	for _, paper := range []string{"README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		text := read(t, paper)
		var paths []string
		for _, m := range regexp.MustCompile(`\]\(([^):#]+)\)`).FindAllStringSubmatch(text, -1) {
			paths = append(paths, m[1])
		}
		for _, m := range regexp.MustCompile("(?m)(?:`|^    |\\./)((?:examples|internal|dial|policy|imapconn|smtpconn|pop3conn|\\.ci)/[a-z0-9_/.]*)").FindAllStringSubmatch(text, -1) {
			paths = append(paths, strings.TrimSuffix(m[1], "..."))
		}
		for _, path := range paths {
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s names %s: %v", paper, path, err)
			}
		}
	}
}

// The map in CONTRIBUTING.md has every directory at the root, below dial and below
// internal.
func TestMap(t *testing.T) {
	text := read(t, "CONTRIBUTING.md")
	for _, dir := range []string{".", "dial", "internal"} {
		entries, err := os.ReadDir(filepath.Join(root, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			path := filepath.ToSlash(filepath.Join(dir, e.Name())) + "/"
			if e.IsDir() && e.Name()[0] != '.' && path != "internal/" && !strings.Contains(text, "\n    "+path+" ") {
				t.Errorf("the map does not have %s", path)
			}
		}
	}
}

// Every test that a paper names exists.
func TestTests(t *testing.T) {
	tests := files(t, ".", "_test.go")
	for _, paper := range []string{"README.md", "SECURITY.md", "CONTRIBUTING.md"} {
		for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(read(t, paper), -1) {
			if !strings.Contains(tests, "func "+name+"(") && name != "TestDial" {
				t.Errorf("%s names %s, which is no test", paper, name)
			}
		}
	}
}

// README.md says how many servers its test meets.
func TestFigures(t *testing.T) {
	cases, err := dialtest.Cases()
	if err != nil {
		t.Fatal(err)
	}
	other := func(c *dialtest.Case) bool { return c.Protocol != policy.IMAP }
	papers.Says(t, "README.md", "connects to %d servers under each policy", len(slices.DeleteFunc(cases, other)))
}

// files returns the texts of the files below a directory whose names end in suffix.
func files(t *testing.T, dir, suffix string) string {
	var b strings.Builder
	err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, suffix) {
			return err
		}
		text, err := os.ReadFile(path)
		b.WriteString("\n" + string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
