// Package child runs parts of a test in processes of their own, which a test may kill, or
// put under limits that the system has for processes. The program is the test binary.
package child

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// variable makes the test binary run one of its children.
const variable = "MAILCONN_CHILD"

// Main is called by TestMain, and does not return. It runs the tests, or, in a process
// that [Command] started, the child of that name with the arguments of the command line.
func Main(m *testing.M, children map[string]func(args []string) error) {
	name := os.Getenv(variable)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := children[name](os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Program makes the test binary a child in all processes that the code under test starts
// until the test ends, and returns the binary's path.
func Program(t testing.TB, name string) string {
	t.Helper()
	t.Setenv(variable, name)
	return self(t)
}

// Command returns the command that runs a child.
func Command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(self(t), args...)
	cmd.Env = append(os.Environ(), variable+"="+name, "GORACE=atexit_sleep_ms=0")
	return cmd
}

func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
