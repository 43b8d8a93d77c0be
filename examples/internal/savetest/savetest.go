// Package savetest has what the tests of programs that save mail to a Maildir have in common.
package savetest

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Program is a program's function: it returns the exit status.
type Program func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (status int)

// Expect runs the program without input. It must exit with the status, and write all of want.
func (run Program) Expect(t *testing.T, status int, args []string, want ...string) {
	t.Helper()
	var out bytes.Buffer
	if got := run(t.Context(), args, strings.NewReader(""), &out, &out); got != status {
		t.Errorf("%q: status %d\n%s", args, got, out.String())
	}
	for _, text := range want {
		if !strings.Contains(out.String(), text) {
			t.Errorf("%q: no %q in\n%s", args, text, out.String())
		}
	}
}

// File returns the name of a new file with a text, such as a password.
func File(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Saved returns how often each message is in a Maildir.
func Saved(t testing.TB, dir string) map[string]int {
	t.Helper()
	count := make(map[string]int)
	for _, sub := range []string{"new", "cur"} {
		files, err := filepath.Glob(filepath.Join(dir, sub, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			count[string(text)]++
		}
	}
	return count
}

// Once fails the test unless a Maildir has each message once, and no other.
func Once(t testing.TB, dir string, texts []string) {
	t.Helper()
	count := Saved(t, dir)
	for _, text := range texts {
		if count[text] != 1 {
			t.Errorf("message %.20q: %d times", text, count[text])
		}
	}
	if len(count) != len(texts) {
		t.Errorf("%d messages for %d", len(count), len(texts))
	}
}

// Swept fails the test if something is left in tmp. Windows does not tell which process is
// gone.
func Swept(t testing.TB, dir string) {
	t.Helper()
	if left, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(left) != 0 && runtime.GOOS != "windows" {
		t.Errorf("in tmp %v", left)
	}
}
