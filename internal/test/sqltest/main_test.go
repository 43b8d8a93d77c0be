package sqltest

import (
	"fmt"
	"os"
	"testing"

	"github.com/mailconn/mailconn/internal/test/supervise"
)

// roleOf names the part that this program plays when a test has started it
// again, as one machine of a fleet.
const roleOf = "MAILCONN_SQLTEST_ROLE"

func TestMain(m *testing.M) {
	supervise.Main()
	if role := os.Getenv(roleOf); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	stopServers()
	os.Exit(code)
}
