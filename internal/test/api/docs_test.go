package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocumented wants a comment for every package and everything it exports.
func TestDocumented(t *testing.T) {
	for _, pkg := range public(t) {
		u := undocumented{files: token.NewFileSet()}
		described := false
		for _, name := range pkg.GoFiles {
			file, err := parser.ParseFile(u.files, filepath.Join(pkg.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			described = described || said(file.Doc)
			u.file(file)
		}
		if !described {
			t.Errorf("%s: the package has no comment", pkg.Path)
		}
		for _, what := range u.found {
			t.Errorf("no comment: %s", what)
		}
	}
}

// undocumented collects what is exported and has no comment.
type undocumented struct {
	files *token.FileSet
	found []string
}

func (u *undocumented) add(at *ast.Ident, owner string) {
	u.found = append(u.found, u.files.Position(at.Pos()).String()+": "+strings.TrimPrefix(owner+"."+at.Name, "."))
}

func said(comments ...*ast.CommentGroup) bool {
	for _, c := range comments {
		if strings.TrimSpace(c.Text()) != "" {
			return true
		}
	}
	return false
}

func (u *undocumented) file(f *ast.File) {
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if owner := receiver(d); d.Name.IsExported() && (owner == "" || ast.IsExported(owner)) && !said(d.Doc) {
				u.add(d.Name, owner)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				u.spec(d, spec)
			}
		}
	}
}

// receiver returns the name of the type that a method belongs to, "" for a
// function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if generic, ok := t.(*ast.IndexExpr); ok {
		t = generic.X
	}
	return t.(*ast.Ident).Name
}

// spec looks at one line of a declaration. The comment of a group of constants
// or variables is for all of them.
func (u *undocumented) spec(d *ast.GenDecl, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() && !said(d.Doc, s.Doc, s.Comment) {
				u.add(name, "")
			}
		}
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return
		}
		if !said(s.Doc) && (d.Lparen.IsValid() || !said(d.Doc)) {
			u.add(s.Name, "")
		}
		u.members(s)
	}
}

// members looks at the fields of a struct and the methods of an interface. A
// comment above a block of them, up to the next empty line, is for all of it.
func (u *undocumented) members(s *ast.TypeSpec) {
	var list *ast.FieldList
	switch t := s.Type.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list = t.Methods
	default:
		return
	}
	below, last := false, 0
	for _, f := range list.List {
		begin := u.files.Position(f.Pos()).Line
		below = said(f.Doc) || below && begin == last+1
		last = u.files.Position(f.End()).Line
		for _, name := range f.Names {
			if name.IsExported() && !below && !said(f.Comment) {
				u.add(name, s.Name.Name)
			}
		}
	}
}
