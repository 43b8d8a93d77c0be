package maildir

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSweep: what a killed run left in tmp goes after 36 hours; other
// programs' files stay.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir, ".saver"); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-48 * time.Hour)
	for name, age := range map[string]time.Time{"a.saver.1": old, "b.saver.2": time.Now(), "c": old} {
		f := filepath.Join(dir, "tmp", name)
		os.WriteFile(f, nil, 0o600)
		os.Chtimes(f, age, age)
	}
	if _, err := Open(dir, ".saver"); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "tmp", "*"))
	if len(left) != 2 || filepath.Base(left[0]) != "b.saver.2" || filepath.Base(left[1]) != "c" {
		t.Errorf("%q", left)
	}
}
