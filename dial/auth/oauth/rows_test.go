package oauth_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"testing"
)

// rows are the scenarios that this package has to master. The test of row 7 is called
// TestRow07 and what comes after that.
var rows = []string{
	1:  "authorization code: redirect to a loopback address, PKCE, state, one answer",
	2:  "browser: wrong state, access_denied, a second answer, other requests",
	3:  "metadata or answer of another issuer",
	4:  "issuer with a path: where its metadata are",
	5:  "metadata with endpoints that are not https",
	6:  "device flow: pending, slow_down, expired, denied, unavailable",
	7:  "a new refresh token is saved before it is used; killed before that",
	8:  "many sessions and programs want a token at once",
	9:  "refusals of a refresh: consent, configuration, temporary",
	10: "a mail server names a configuration of its own",
	11: "another user than the account's signs in",
	12: "a mail server rejects a token that has not expired",
	13: "answers that redirect, are too large, are not JSON",
	14: "no secret is shown, files have mode 0600",
	15: "an issuer for which the program is not registered",
}

// TestRows looks for rows without a test, and tests without a row.
func TestRows(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`^TestRow(\d\d)`)
	tested := map[string]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok {
				if m := name.FindStringSubmatch(d.Name.Name); m != nil {
					tested[m[1]] = true
				}
			}
		}
	}
	for n := 1; n < len(rows); n++ {
		number := string([]byte{'0' + byte(n/10), '0' + byte(n%10)})
		if !tested[number] {
			t.Errorf("row %d (%s) has no test", n, rows[n])
		}
		delete(tested, number)
	}
	for number := range tested {
		t.Errorf("there is no row %s", number)
	}
}
