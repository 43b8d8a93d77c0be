package maildir

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// dead returns the number of a process that has ended.
func dead(t *testing.T) int {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// TestSweep: what a killed run left in tmp goes when its process is gone, or after 36 hours
// if that cannot be told; what a process still writes stays, and so do others' files.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	d, err := Open(dir, ".saver")
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.Create("a0.1.saver")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	ended, alive := dead(t), os.Getppid()
	young, aged := time.Now().Add(-35*time.Hour), time.Now().Add(-37*time.Hour)
	for _, c := range []struct {
		name string
		time time.Time
		left bool
	}{
		{filepath.Base(f.Name()), young, false}, // another process had this one's number
		{fmt.Sprintf("b0.saver.%d.%s.1", ended, host()), young, runtime.GOOS == "windows"},
		{fmt.Sprintf("b1.saver.%d.%s.1", alive, host()), young, true},
		{fmt.Sprintf("b2.saver.%d.%s.1", alive, host()), aged, false},
		{fmt.Sprintf("b3.saver.%d.00000000.1", ended), young, true}, // another host's
		{fmt.Sprintf("b4.saver.%d.00000000.1", ended), aged, false},
		{fmt.Sprintf("b5.other.%d.%s.1", ended, host()), aged, true},
		{fmt.Sprintf("my.saver.%d.%s.1", ended, host()), aged, true},
		{fmt.Sprintf("b6.saver.%d.%s.1.txt", ended, host()), aged, true},
		{"b7.saver", aged, true},
		{"1234.M5P" + fmt.Sprint(ended) + ".host", aged, true},
	} {
		file := filepath.Join(dir, "tmp", c.name)
		os.WriteFile(file, nil, 0o600)
		os.Chtimes(file, c.time, c.time)
		if _, err := Open(dir, ".saver"); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); (err == nil) != c.left {
			t.Errorf("%s: left %v, want %v", c.name, err == nil, c.left)
		}
	}
}
