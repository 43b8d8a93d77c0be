package fetch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/pop3conn/fetch"
)

func open(t *testing.T, name string) *fetch.File {
	t.Helper()
	f, err := fetch.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestFile: what was stored is there when the file is opened again, what was
// forgotten is not, and nothing else lies around.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "seen")
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := open(t, name)
	for _, key := range []string{"a", "a 2", "~!/:"} {
		if err := f.Store(key, at); err != nil {
			t.Fatal(err)
		}
	}
	f = open(t, name)
	if err := f.Keep(func(key string) bool { return key != "a" }); err != nil {
		t.Fatal(err)
	}
	if err := f.Store("b", at); err != nil {
		t.Fatal(err)
	}
	f = open(t, name)
	for key, want := range map[string]bool{"a": false, "a 2": true, "~!/:": true, "b": true, "c": false} {
		if when, ok := f.Stored(key); ok != want || ok && !when.Equal(at) {
			t.Errorf("%q: %v, %v", key, when, ok)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(name)); len(left) != 1 {
		t.Errorf("%v", left)
	}
}

// TestTorn cuts the file behind every byte: whole lines count, the rest is as
// if it had not been written, and the next line does not join it.
func TestTorn(t *testing.T) {
	const text = "2026-01-02T03:04:05Z a\n2026-01-02T03:04:05Z b 2\n"
	for cut := range len(text) + 1 {
		name := filepath.Join(t.TempDir(), "seen")
		if err := os.WriteFile(name, []byte(text[:cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := open(t, name).Store("c", time.Now()); err != nil {
			t.Fatal(err)
		}
		f := open(t, name)
		_, a := f.Stored("a")
		_, b := f.Stored("b 2")
		_, c := f.Stored("c")
		lines := strings.Count(text[:cut], "\n")
		if a != (lines > 0) || b != (lines > 1) || !c {
			t.Errorf("cut at %d: %v %v %v", cut, a, b, c)
		}
	}
}

// TestNoSeen: a file that is something else is left alone.
func TestNoSeen(t *testing.T) {
	for _, text := range []string{"hello world\n", "2026-01-02T03:04:05Z\n", "\n", "2026-01-02T03:04:05Z a\nx\nhalf"} {
		name := filepath.Join(t.TempDir(), "seen")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := fetch.OpenFile(name); err == nil {
			t.Errorf("%q was taken", text)
		}
		if now, _ := os.ReadFile(name); string(now) != text {
			t.Errorf("%q became %q", text, now)
		}
	}
	if _, err := fetch.OpenFile(t.TempDir()); err == nil {
		t.Error("a directory was taken")
	}
}
