package packages

import (
	"bytes"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Types returns the types of all packages below root that programs can import,
// as the compiler has them, by path below the module's; also those of the given
// packages of the standard library, by their import paths.
func Types(root string, std ...string) (map[string]*types.Package, error) {
	all, err := All(root)
	if err != nil {
		return nil, err
	}
	files, err := compiled(root, append(std, "./..."))
	if err != nil {
		return nil, err
	}
	from := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	})
	found := map[string]*types.Package{}
	for _, p := range all {
		if !p.Public() {
			continue
		}
		if found[p.Path], err = from.Import(strings.TrimSuffix(Module+"/"+p.Path, "/.")); err != nil {
			return nil, err
		}
	}
	for _, path := range std {
		if found[path], err = from.Import(path); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// compiled returns the files with the compiler's export data of packages and all
// that they import, by import path.
func compiled(root string, patterns []string) (map[string]string, error) {
	list := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}}={{.Export}}{{end}}"}, patterns...)...)
	list.Dir = root
	var problem bytes.Buffer
	list.Stderr = &problem
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &problem)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		files[path] = file
	}
	return files, nil
}
