package api

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

const bare = `package p

// Both are said to be something.
const (
	A = 1
	B = 2
)

const C = 3

var (
	D int // is said to be something
	E int
)

// T is.
type T struct {
	// These two are.
	F, G int
	H    int

	I int
	J int // is
	k int
}

// N is.
type N interface {
	// Do does.
	Do()

	Undo()
}

func (T) M()  {}
func (*T) m() {}
func (u) M()  {}

type u struct{ Field int }

type W int

// Fn does.
func Fn() {}
`

func TestUndocumented(t *testing.T) {
	u := undocumented{files: token.NewFileSet()}
	file, err := parser.ParseFile(u.files, "p.go", bare, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	u.file(file)
	var names []string
	for _, where := range u.found {
		names = append(names, where[strings.LastIndex(where, " ")+1:])
	}
	if got := strings.Join(names, " "); got != "C E T.I N.Undo T.M W" {
		t.Errorf("found %s", got)
	}
}
