package papers

import (
	"fmt"
	"strings"
	"testing"
)

// recorder records the errors of a test.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func TestSays(t *testing.T) {
	for _, text := range []string{"the figures in the papers", "ties the figures"} {
		got := &recorder{TB: t}
		Says(got, "internal/test/papers/papers.go", "%s at the root", text)
		if found := text != "ties the figures"; found != (len(got.errors) == 0) {
			t.Errorf("%s: %q", text, got.errors)
		}
	}
	got := &recorder{TB: t}
	Says(got, "README.md", "some %d faults", 77_000) // in brackets
	if Says(got, "SECURITY.md", "%d runs", 0); len(got.errors) != 1 {
		t.Errorf("the end of another number: %q", got.errors)
	}
	got = &recorder{TB: t}
	Says(got, "README.md", "%d hats", 12345)
	if len(got.errors) != 1 || !strings.Contains(got.errors[0], `"12,345 hats"`) {
		t.Errorf("%q", got.errors)
	}
}
