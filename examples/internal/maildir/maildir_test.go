package maildir

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
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
// if that cannot be told; what a process still writes stays, whatever its date, and so do
// others' files.
func TestSweep(t *testing.T) {
	ended, alive, here := dead(t), os.Getppid(), host()
	const young, aged = 35 * time.Hour, 37 * time.Hour
	for _, c := range []struct {
		name string
		age  time.Duration
		left bool
	}{
		{made(t), young, false}, // an earlier process had this one's number
		{fmt.Sprintf("b0.saver.%d.%s.1", ended, here), young, runtime.GOOS == "windows"},
		{fmt.Sprintf("b1.saver.%d.%s.1", alive, here), young, true},
		{fmt.Sprintf("b2.saver.%d.%s.1", alive, here), aged, runtime.GOOS != "windows"},
		{fmt.Sprintf("b2.saver.1.%s.1", here), aged, runtime.GOOS != "windows"}, // which may be another user's
		{fmt.Sprintf("b3.saver.%d.00000000.1", ended), young, true},             // another host's
		{fmt.Sprintf("b4.saver.%d.00000000.1", ended), aged, false},
		{fmt.Sprintf("b5.other.%d.%s.1", ended, here), aged, true},
		{fmt.Sprintf("my.saver.%d.%s.1", ended, here), aged, true},
		{fmt.Sprintf("b6.saver.%d.%s.1.txt", ended, here), aged, true},
		{"b7.saver", aged, true},
		{fmt.Sprintf("1234.M5P%d.host", ended), aged, true},
	} {
		if left := stays(t, c.name, c.age); left != c.left {
			t.Errorf("%s: left %v, want %v", c.name, left, c.left)
		}
	}
}

// A message that breaks off is none, and nothing is left of it.
func TestWrite(t *testing.T) {
	d, err := Open(t.TempDir(), ".saver")
	if err != nil {
		t.Fatal(err)
	}
	why := errors.New("why")
	for _, c := range []struct {
		broken, refused error
		there           bool
	}{{why, nil, false}, {nil, why, false}, {nil, nil, true}} {
		message := io.MultiReader(strings.NewReader("text"), iotest.ErrReader(cmp.Or(c.broken, io.EOF)))
		n, err := d.Write("a0.saver", message, func(tmp string) error {
			if c.refused != nil {
				return c.refused
			}
			return d.Publish(tmp, "a0.saver", "")
		})
		text, _ := os.ReadFile(filepath.Join(d.Path, "new", "a0.saver"))
		if n != 4 || !errors.Is(err, cmp.Or(c.broken, c.refused)) || (string(text) == "text") != c.there {
			t.Errorf("%+v: %d, %v, %q", c, n, err, text)
		}
		if left, _ := os.ReadDir(filepath.Join(d.Path, "tmp")); len(left) != 0 {
			t.Errorf("%+v: %v", c, left)
		}
	}
}

// made returns the name that this process gives a file in tmp.
func made(t *testing.T) string {
	t.Helper()
	d, err := Open(t.TempDir(), ".saver")
	if err != nil {
		t.Fatal(err)
	}
	f, err := d.create("a0.1.saver")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	return filepath.Base(f.Name())
}

// stays reports whether a file in tmp is left when a program begins.
func stays(t *testing.T, name string, age time.Duration) bool {
	t.Helper()
	dir, when := t.TempDir(), time.Now().Add(-age)
	file := filepath.Join(dir, "tmp", name)
	os.Mkdir(filepath.Dir(file), 0o700)
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chtimes(file, when, when)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, ".saver"); err != nil {
		t.Fatal(err)
	}
	_, err := os.Stat(file)
	return err == nil
}
