package api

import (
	"bytes"
	"errors"
	"go/build"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/mailconn/mailconn"
	root   = "../../.."
)

// public returns the packages that a program can import, by their paths below
// the module's; the root is ".". It walks the tree itself rather than ask the
// go command, so that a cached test result is not used for another tree.
func public(t *testing.T) map[string]*build.Package {
	t.Helper()
	found := map[string]*build.Package{}
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if dir != root && private(dir) {
			return fs.SkipDir
		}
		pkg, err := build.ImportDir(dir, 0)
		var none *build.NoGoError
		switch {
		case errors.As(err, &none):
			return nil
		case err != nil:
			return err
		}
		rel, err := filepath.Rel(root, dir)
		found[filepath.ToSlash(rel)] = pkg
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// private reports whether a directory and all below it are closed to importers,
// or another module's.
func private(dir string) bool {
	switch name := filepath.Base(dir); {
	case slices.Contains([]string{"internal", "examples", "testdata"}, name), name[0] == '.', name[0] == '_':
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// exported returns the API of all public packages, one entry a line, sorted.
func exported(t *testing.T) []string {
	t.Helper()
	from := compiled(t)
	var lines []string
	for rel := range public(t) {
		pkg, err := from.Import(strings.TrimSuffix(module+"/"+rel, "/."))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, render(rel, pkg)...)
	}
	slices.Sort(lines)
	return lines
}

// compiled returns an importer that reads what the compiler says of the
// module's packages and all that they import.
func compiled(t *testing.T) types.Importer {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}}={{.Export}}{{end}}", "./...")
	list.Dir = root
	var problem bytes.Buffer
	list.Stderr = &problem
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &problem)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	})
}

// TestPublic holds the walk to packages that are surely there, or not.
func TestPublic(t *testing.T) {
	found := public(t)
	for _, rel := range []string{".", "policy", "dial", "dial/auth", "smtpconn/pool"} {
		if found[rel] == nil {
			t.Errorf("package %s was not found", rel)
		}
	}
	for rel, pkg := range found {
		if strings.Contains(rel, "internal") || pkg.Name == "main" {
			t.Errorf("%s is not public", rel)
		}
	}
}
