package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

// kills is how often TestKilled kills the program: a hundred times if
// MAILCONN_FULL is set.
func kills() int {
	if os.Getenv("MAILCONN_FULL") != "" {
		return 100
	}
	return 20
}

// TestKilled kills the program at random moments, while mail comes in and what
// was saved is deleted: at the end each message was saved exactly once.
func TestKilled(t *testing.T) {
	srv, dir := serve(t, batch("first", 10)...), t.TempDir()
	letters := srv.Messages()
	took := whole(t, program(t, command(t, serve(t, letters...), t.TempDir())))
	killed := 0
	for i := range kills() {
		args := command(t, srv, dir)
		if i%2 == 1 {
			args = command(t, srv, dir, "-delete", "0")
		}
		cmd := program(t, args)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(rand.N(3*took), func() { cmd.Process.Kill() })
		if cmd.Wait() != nil {
			killed++
		}
		timer.Stop()
		more := batch(fmt.Sprint(i), 10)
		letters = append(letters, more...)
		srv.Add(more...)
	}
	whole(t, program(t, command(t, srv, dir, "-delete", "0")))
	once(t, dir, letters)
	if len(srv.Messages()) != 0 || killed == 0 {
		t.Errorf("%d left on the server, %d runs were killed", len(srv.Messages()), killed)
	}
	t.Logf("%d of %d runs were killed within %v, %d messages", killed, kills(), took, len(letters))
}

func program(t testing.TB, args []string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), child+"=1", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// whole runs the program to its end.
func whole(t testing.TB, cmd *exec.Cmd) time.Duration {
	t.Helper()
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return time.Since(start)
}
