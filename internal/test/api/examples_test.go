package api

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"testing"
)

// TestExamples wants an example in every package, which go test runs.
func TestExamples(t *testing.T) {
	for _, pkg := range public(t) {
		var files []*ast.File
		for _, name := range slices.Concat(pkg.TestGoFiles, pkg.XTestGoFiles) {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(pkg.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		runs := func(e *doc.Example) bool { return e.Output != "" || e.EmptyOutput }
		if !slices.ContainsFunc(doc.Examples(files...), runs) {
			t.Errorf("%s: no example with its output", pkg.Path)
		}
	}
}
