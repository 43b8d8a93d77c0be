// Package packages lists the packages of this module, for tests that look at it
// as a whole.
package packages

import (
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Module is the module's path.
const Module = "github.com/mailconn/mailconn"

// Package is a package of the module.
type Package struct {
	*build.Package
	// Path is the package's path below the module's. That of the root is ".".
	Path string
}

// All returns all packages below root, the directory of the module's go.mod, in
// the order of their paths; those of nested modules do not belong to it. It walks
// the tree itself, so that the go command does not take the cached result of a
// test for one on another tree.
func All(root string) ([]Package, error) {
	var all []Package
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
		case errors.As(err, &none):
			return nil
		case err != nil:
			return err
		}
		rel, err := filepath.Rel(root, dir)
		all = append(all, Package{p, filepath.ToSlash(rel)})
		return err
	})
	if err == nil && len(all) < 20 {
		err = errors.New("hardly any packages: is this the module's directory?")
	}
	return all, err
}

// elsewhere reports whether a directory and all below it do not belong to the
// module.
func elsewhere(dir string) bool {
	name := filepath.Base(dir)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return name == "testdata" || name[0] == '.' || name[0] == '_' || err == nil
}

// Public reports whether the package is for programs to import. Those below examples
// are for reading.
func (p Package) Public() bool {
	return !p.IsCommand() && len(p.GoFiles) > 0 && !strings.Contains("/"+p.Path+"/", "/internal/") && !strings.HasPrefix(p.Path, "examples/")
}
