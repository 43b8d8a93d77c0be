package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// source has one of everything that an entry is made of.
const source = `package p

const A, b uint8 = 1, 2

var V error

type Alias = []string

type inner struct{}
func (inner) Promoted() {}
func (inner) hidden() {}

type S struct {
	inner
	*E
	F    func(name string) error
	none int
}
func (*S) M(first, second string, rest ...int) (n int, err error) { return 0, nil }
func (S) String() string { return "" }
func (S) private() {}

type E struct{}
func (E) OfE() {}

type I interface {
	Do(x int) bool
	sealed()
}

type unexported struct{ Field int }

func New[T any](T) *S { return nil }
`

const rendered = `x/p: const A uint8 = 1
x/p: func (*S) M(string, string, ...int) (int, error)
x/p: func (E) OfE()
x/p: func (S) Promoted()
x/p: func (S) String() string
x/p: func New[T any](T) *S
x/p: type Alias = []string
x/p: type E struct
x/p: type I interface
x/p: type I interface, method Do(int) bool
x/p: type I interface, sealed by an unexported method
x/p: type S struct
x/p: type S struct, embeds *E
x/p: type S struct, field F func(string) error
x/p: var V error`

func TestRender(t *testing.T) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := new(types.Config).Check("p", files, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := render("x/p", pkg)
	slices.Sort(lines)
	if got := strings.Join(lines, "\n"); got != rendered {
		t.Errorf("got\n%s\nwant\n%s", got, rendered)
	}
}
