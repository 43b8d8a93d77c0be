package dial_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every reason that a violation can have is explained to whoever meets it.
func TestTroubleshootingIsComplete(t *testing.T) {
	reasons, err := os.ReadFile("../policy/violation.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`(?m)^\t(Err\w+) += errors\.New`).FindAllSubmatch(reasons, -1)
	if len(names) < 10 {
		t.Fatalf("only %d reasons found", len(names))
	}
	for _, name := range names {
		if !strings.Contains(string(page), "policy."+string(name[1])) {
			t.Errorf("%s is not under Troubleshooting", name[1])
		}
	}
}
