package oauth_test

import (
	"os"
	"strings"
	"testing"
)

// golang.org/x/oauth2 is for this module alone, and in a version that the older supported
// Go compiles.
func TestModule(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const module = "golang.org/x/oauth2"
	if root := read("../../../go.mod"); strings.Contains(root, module) || !strings.Contains(root, "\ngo 1.25") {
		t.Error("the root module requires " + module + ", or another Go than this test knows")
	}
	if own := read("go.mod"); !strings.Contains(own, module) || !strings.Contains(own, "\ngo 1.25") {
		t.Error("go.mod requires a Go that is too new")
	}
}
