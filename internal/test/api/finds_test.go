package api

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// TestUnnamed shows what the change log must say of a change.
func TestUnnamed(t *testing.T) {
	before := []string{"dial: type Dialer struct", "dial: type Dialer struct, field Old int", "dial: func Gone()"}
	now := []string{"dial: type Dialer struct", "dial: type Dialer struct, field Old uint", "dial: func (*Dialer) Do()", "dial/auth: type T int"}
	for log, want := range map[string]int{
		"":                                      5,
		"`dial.Dialer` has more.":               5,
		"dial.Dialer.Older, redial.Dialer.Old.": 5,
		"`dial.Dialer.Old` and dial.Gone.":      2,
		"dial.Dialer.Old, dial.Dialer.Do, dial.Gone, `dial/auth`": 0,
	} {
		if got := unnamed(before, now, log); len(got) != want {
			t.Errorf("%q: %d are not named: %q", log, len(got), got)
		}
	}
}

// TestUndocumented shows what has no comment.
func TestUndocumented(t *testing.T) {
	u := undocumented{files: token.NewFileSet()}
	file, err := parser.ParseFile(u.files, "p.go", `package p

// Both have one.
const (
	A = 1
	B = 2
)

const Bare1 = 3

// T is.
type T struct {
	// These two are.
	F, G int

	Bare2, hidden int
}

func (T) Bare3() {}
`, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	u.file(file)
	if found := strings.Join(u.found, " "); len(u.found) != 3 || strings.Count(found, "Bare") != 3 {
		t.Errorf("found %s", found)
	}
}
