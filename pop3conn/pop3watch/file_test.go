package pop3watch_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/pop3conn/pop3watch"
)

func note(t testing.TB, text string) (n pop3watch.Note) {
	t.Helper()
	if err := n.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return n
}

// load loads a file of notes, and releases it at the end of the test.
func load(t testing.TB, path string) (pop3watch.Seen, map[string]pop3watch.Note) {
	t.Helper()
	seen := pop3watch.File(path)
	notes, err := seen.Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return seen, notes
}

// contents returns what a file of notes holds.
func contents(t testing.TB, path string) string {
	t.Helper()
	seen, notes := load(t, path)
	defer seen.Release()
	var list []string
	for _, key := range slices.Sorted(maps.Keys(notes)) {
		text, _ := notes[key].MarshalText()
		list = append(list, key+"="+string(text))
	}
	return strings.Join(list, "; ")
}

const day = "2026-01-02T03:04:05Z"

// TestFile: what was noted is there when the file is loaded again, what was forgotten
// is not, and nothing else lies around but the lock.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seen")
	for _, step := range []struct {
		save map[string]pop3watch.Note
		want string
	}{
		{map[string]pop3watch.Note{"a": note(t, day), "a 2": note(t, day+" 00ff"), "~!/:": note(t, day+" 00ff going")},
			"a=" + day + "; a 2=" + day + " 00ff; ~!/:=" + day + " 00ff going"},
		{map[string]pop3watch.Note{"a": {}, "b": note(t, day+" going"), "none": {}}, "a 2=" + day + " 00ff; b=" + day + " going; ~!/:=" + day + " 00ff going"},
		{map[string]pop3watch.Note{"b": note(t, day)}, "a 2=" + day + " 00ff; b=" + day + "; ~!/:=" + day + " 00ff going"},
		{nil, "a 2=" + day + " 00ff; b=" + day + "; ~!/:=" + day + " 00ff going"},
	} {
		seen, _ := load(t, path)
		if err := errors.Join(seen.Save(ctx, step.save), seen.Release()); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, path); got != step.want {
			t.Errorf("%q, want %q", got, step.want)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 2 {
		t.Errorf("%v", left)
	}
	for _, err := range []error{pop3watch.File(path).Save(ctx, nil), pop3watch.File(path).Release()} {
		if err == nil {
			t.Error("a file that was not loaded is used")
		}
	}
}

// TestNote: what is not a note is an error.
func TestNote(t *testing.T) {
	for text, good := range map[string]bool{"": true, day: true, day + " 00": true, day + " going": true, day + " 00 going": true, day + " 00 size=5 doubtful cuts=3": true, day + " unread cuts=1": true, day + " 00 deleted": true,
		day + " 00 size=0": false, day + " size=-5": false, day + " cuts=x": false, day + " going deleted": false, day + " later": false,
		"going": false, "x": false, day + " 00 11": false, "0001-01-01T00:00:00Z": false} {
		var n pop3watch.Note
		err := n.UnmarshalText([]byte(text))
		again, _ := n.MarshalText()
		if (err == nil) != good || good && string(again) != text {
			t.Errorf("%q: %v, %q", text, err, again)
		}
	}
}

// TestTorn cuts the file after every byte: whole lines count, the rest is as if it had
// not been written, and the next line does not join it.
func TestTorn(t *testing.T) {
	const text = day + "\ta\n" + day + " 00 going\tb 2\n\ta\n"
	for cut := range len(text) + 1 {
		path := filepath.Join(t.TempDir(), "seen")
		if err := os.WriteFile(path, []byte(text[:cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		seen, _ := load(t, path)
		if err := errors.Join(seen.Save(ctx, map[string]pop3watch.Note{"c": note(t, day)}), seen.Release()); err != nil {
			t.Fatal(err)
		}
		want := []string{"c=" + day, "a=" + day + "; c=" + day, "a=" + day + "; b 2=" + day + " 00 going; c=" + day, "b 2=" + day + " 00 going; c=" + day}
		if got := contents(t, path); got != want[strings.Count(text[:cut], "\n")] {
			t.Errorf("cut at %d: %s", cut, got)
		}
	}
}

// TestTornLineIsMended: a line that could not be written whole is mended before the
// next, and is not there.
func TestTornLineIsMended(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "seen")
	seen, _ := load(t, path)
	if err := seen.Save(ctx, map[string]pop3watch.Note{"a": note(t, day)}); err != nil {
		t.Fatal(err)
	}
	pop3watch.BreakFile(seen) // the next write fails
	if err := seen.Save(ctx, map[string]pop3watch.Note{"b": note(t, day)}); err == nil {
		t.Fatal("written to a closed file")
	}
	half, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	half.WriteString("2026-1")
	half.Close()
	if err := errors.Join(seen.Save(ctx, map[string]pop3watch.Note{"c": note(t, day)}), seen.Release()); err != nil {
		t.Fatal(err)
	}
	if got := contents(t, path); got != "a="+day+"; c="+day {
		t.Error(got)
	}
}

// TestSync: a note is on the disk when Save returns, and one that could not be synced is
// an error, and is written again.
func TestSync(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seen")
	seen, _ := load(t, path)
	synced, full := "", error(nil)
	pop3watch.OnSync(seen, func(f *os.File) error {
		text, err := os.ReadFile(f.Name())
		synced = string(text)
		return errors.Join(err, full)
	})
	if err := seen.Save(ctx, map[string]pop3watch.Note{"a": note(t, day)}); err != nil || synced != day+"\ta\n" {
		t.Errorf("%v, synced %q", err, synced)
	}
	full = errors.New("disk full")
	if err := seen.Save(ctx, map[string]pop3watch.Note{"b": note(t, day)}); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	full = nil
	if err := seen.Save(ctx, map[string]pop3watch.Note{"c": note(t, day)}); err != nil || synced != day+"\ta\n"+day+"\tc\n" {
		t.Errorf("%v, synced %q", err, synced)
	}
	seen.Release()
}

// TestNoNotes: a file that is something else is left alone, and not locked.
func TestNoNotes(t *testing.T) {
	for _, text := range []string{"hello world\n", day + "\n", "\n", "x\ty\n", day + "\ta\nx\nhalf"} {
		path := filepath.Join(t.TempDir(), "seen")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := pop3watch.File(path).Load(ctx); err == nil {
				t.Errorf("%q was taken", text)
			}
		}
		if now, _ := os.ReadFile(path); string(now) != text {
			t.Errorf("%q became %q", text, now)
		}
	}
	if _, err := pop3watch.File(t.TempDir()).Load(ctx); err == nil {
		t.Error("a directory was taken")
	}
}

// TestLocked: a file of notes is one watch's at a time.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seen")
	seen, _ := load(t, path)
	if _, err := seen.Load(ctx); err == nil {
		t.Error("loaded twice")
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := pop3watch.File(path).Load(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if err := seen.Release(); err != nil {
		t.Fatal(err)
	}
	seen, _ = load(t, path)
	seen.Release()
}

// TestCompact: the file does not grow with what no longer matters.
func TestCompact(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seen")
	seen, _ := load(t, path)
	for i := range 30 {
		noted, gone := map[string]pop3watch.Note{}, map[string]pop3watch.Note{}
		for j := range 100 {
			key := fmt.Sprint(i, "-", j)
			if noted[key] = note(t, day); j > 0 {
				gone[key] = pop3watch.Note{}
			}
		}
		if err := errors.Join(seen.Save(ctx, noted), seen.Save(ctx, gone)); err != nil {
			t.Fatal(err)
		}
	}
	text, _ := os.ReadFile(path)
	if n := strings.Count(string(text), "\n"); n > 1200 {
		t.Errorf("%d lines for 30 notes", n)
	}
	seen.Release()
	if got := contents(t, path); strings.Count(got, ";") != 29 {
		t.Error(got)
	}
}
