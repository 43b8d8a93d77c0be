package hint_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/hint"
)

var update = flag.Bool("update", false, "write the section Troubleshooting of package dial")

// sentinels returns the reasons that package policy declares, with their comments.
func sentinels(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../policy/violation.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.VAR {
			continue
		}
		for _, s := range decl.Specs {
			spec := s.(*ast.ValueSpec)
			found[spec.Names[0].Name] = unwrap(spec.Doc.Text())
		}
	}
	if len(found) == 0 {
		t.Fatal("no reasons found")
	}
	return found
}

// unwrap returns text with one blank between words.
func unwrap(text string) string { return strings.Join(strings.Fields(text), " ") }

// Every reason has a row, every row of a reason its sentinel, and the comment of the
// sentinel says what the row says.
func TestReasons(t *testing.T) {
	declared := sentinels(t)
	for _, row := range hint.Rows() {
		name, ok := strings.CutPrefix(row.Name, "policy.")
		if !ok {
			continue
		}
		comment, ok := declared[name]
		if !ok {
			t.Errorf("there is no policy.%s", name)
		}
		if want := name + " means that " + unwrap(row.Means) + "."; !strings.HasPrefix(brackets(comment), want) {
			t.Errorf("policy.%s\n has %s\nwant %s", name, comment, want)
		}
		delete(declared, name)
	}
	for name := range declared {
		t.Errorf("policy.%s has no row", name)
	}
}

// brackets takes the brackets of doc links away.
func brackets(comment string) string { return strings.NewReplacer("[", "", "]", "").Replace(comment) }

// The section Troubleshooting of package dial is the table.
func TestTroubleshooting(t *testing.T) {
	const file = "../../dial/doc.go"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, row := range hint.Rows() {
		b.WriteString(wrap("//   - ", "//     ", row.Name+": "+row.Means+". "+row.Do))
	}
	list := regexp.MustCompile(`(?s)//   - policy\.ErrUnset.*\n(package dial\n)`)
	want := list.ReplaceAllString(string(text), strings.ReplaceAll(b.String(), "$", "$$")+"$1")
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if !list.Match(text) || string(text) != want {
		t.Error("dial/doc.go does not have the table: go test ./internal/hint -update")
	}
}

// wrap breaks text into lines of a comment.
func wrap(first, next, text string) string {
	var b strings.Builder
	line := first
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case len(line)+1+len(word) > 84:
			b.WriteString(line + "\n")
			line = next + word
		default:
			line += " " + word
		}
	}
	return b.String() + line + "\n"
}
