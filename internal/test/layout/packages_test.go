package layout

import (
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/mailconn/mailconn"

// pack is a package of the module.
type pack struct {
	name    string // its path below the module's; "." is the root
	pkg     string // the name in its package clause
	imports []string
}

// packages returns all packages with code that is not a test, in the order of
// their names. It walks the tree itself, so that a cached test result is not
// used for another tree.
func packages(t *testing.T) []*pack {
	t.Helper()
	root := filepath.Join("..", "..", "..")
	var all []*pack
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if dir != root && elsewhere(dir) {
			return fs.SkipDir
		}
		p, err := build.ImportDir(dir, 0)
		var none *build.NoGoError
		switch {
		case errors.As(err, &none) || err == nil && len(p.GoFiles) == 0:
			return nil
		case err != nil:
			return err
		}
		rel, err := filepath.Rel(root, dir)
		found := &pack{name: filepath.ToSlash(rel), pkg: p.Name}
		for _, imported := range p.Imports {
			found.imports = append(found.imports, strings.TrimPrefix(imported, module+"/"))
		}
		all = append(all, found)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d packages were found", len(all))
	}
	return all
}

// elsewhere reports whether a directory and all below it do not belong to the
// module.
func elsewhere(dir string) bool {
	name := filepath.Base(dir)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return name == "testdata" || name[0] == '.' || name[0] == '_' || err == nil
}

// standard reports whether an import, of this module without its path, is of the
// standard library.
func standard(imported string) bool {
	if _, err := os.Stat(filepath.Join("..", "..", "..", filepath.FromSlash(imported))); err == nil {
		return false
	}
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// reached returns what a package imports, by itself and by way of others.
func reached(all []*pack, name string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		for _, p := range all {
			if p.name != name {
				continue
			}
			for _, imported := range p.imports {
				if !seen[imported] {
					seen[imported] = true
					visit(imported)
				}
			}
		}
	}
	visit(name)
	return seen
}
