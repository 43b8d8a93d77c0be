package supervise

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	Main()
	m.Run()
}

// family is a server with children in sessions of their own, one of which ignores
// SIGTERM, and orphans.
func family(t *testing.T, marker string) Command {
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	check(t, err)
	t.Cleanup(func() { log.Close() })
	script := `setsid sleep $1 & setsid sh -c 'trap "" TERM; sleep '$1' & sleep '$1 & (setsid sleep $1 &) ; echo ready; wait`
	return Command{Argv: []string{"/bin/sh", "-c", script, "family", marker}, Output: log}
}

// left returns the processes that have marker among their arguments.
func left(marker string) (all []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		if line, err := os.ReadFile(f); err == nil && bytes.Contains(line, []byte("\x00"+marker+"\x00")) {
			all = append(all, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return all
}

// await polls, as the kernel does not tell about processes of others.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s", what)
		}
	}
}

func TestNothingIsLeft(t *testing.T) {
	for how, end := range map[string]func(*Process){"1001": (*Process).Stop, "1002": (*Process).Kill} {
		p, err := Start(family(t, how))
		check(t, err)
		await(t, "family", func() bool { return len(left(how)) >= 4 })
		if end(p); len(left(how)) > 0 {
			t.Errorf("left behind: %q", left(how))
		}
	}
}

// TestNothingIsLeftByTheDead has a test killed that holds a server.
func TestNothingIsLeftByTheDead(t *testing.T) {
	const marker = "1003"
	if os.Getenv("MAILCONN_DIES") != "" {
		_, err := Start(family(t, marker))
		check(t, err)
		select {}
	}
	self := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	self.Env = append(os.Environ(), "MAILCONN_DIES=yes")
	check(t, self.Start())
	await(t, "family", func() bool { return len(left(marker)) >= 4 })
	check(t, self.Process.Signal(syscall.SIGKILL))
	self.Wait()
	await(t, "end", func() bool { return len(left(marker)) == 0 })
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
