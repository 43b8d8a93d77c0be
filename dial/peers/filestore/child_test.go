package filestore_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"testing"
)

// child is the environment variable that makes the test binary run one of children,
// with the arguments of the command line.
const child = "FILESTORE_CHILD"

// children returns what is tested in a process of its own: that it is killed, has no
// disk space, or has other permissions.
func children() map[string]func(args []string) error {
	all := map[string]func([]string) error{"write": writeUntilKilled}
	maps.Copy(all, systemChildren())
	return all
}

func TestMain(m *testing.M) {
	if name := os.Getenv(child); name != "" {
		if err := children()[name](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program returns the command that runs one of children.
func program(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), child+"="+name, "GORACE=atexit_sleep_ms=0")
	return cmd
}
