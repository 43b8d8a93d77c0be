package dnslab

import (
	"testing"

	"github.com/mailconn/mailconn/internal/test/papers"
)

// README.md says how many domains TestCheck looks at.
func TestPapers(t *testing.T) {
	papers.Says(t, "README.md", "%d domains of signed and unsigned zones", len(mailRows()))
}
