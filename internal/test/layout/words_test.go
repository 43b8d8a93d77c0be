package layout

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// gone are words that this code once had for things which have a name in the
// field.
const gone = "theatre taker carrier lesson trials witness"

// TestWords looks for words that are gone in the Go files of the module, where
// they begin a name or a word of a comment.
func TestWords(t *testing.T) {
	found := regexp.MustCompile(`\b(?i:` + strings.ReplaceAll(gone, " ", "|") + `)(?:s\b|\b|[A-Z])`)
	err := filepath.WalkDir("../../..", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(file) != ".go" || filepath.Base(file) == "words_test.go" {
			return err
		}
		text, err := os.ReadFile(file)
		for n, line := range strings.Split(string(text), "\n") {
			if word := found.FindString(line); word != "" {
				t.Errorf("%s:%d: %q", file, n+1, word)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
