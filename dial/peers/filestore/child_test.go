package filestore_test

import (
	"maps"
	"testing"

	"github.com/mailconn/mailconn/internal/test/child"
)

// TestMain has the children: what is killed, has no disk space, or has other permissions.
func TestMain(m *testing.M) {
	all := map[string]func([]string) error{"write": writeUntilKilled}
	maps.Copy(all, systemChildren())
	child.Main(m, all)
}
