package outbox_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// waitingBox returns the directory of an outbox in which three messages wait.
func waitingBox(t *testing.T) (dir string, s *server) {
	t.Helper()
	s = newServer()
	s.setDown(errRefused)
	b, _ := openFlaky(t, outbox.Config{}, s)
	for i := range 3 {
		b.mustPut(fmt.Sprint("m", i+1), "ann@mail.test")
	}
	b.close()
	s.setDown(nil)
	return b.dir, s
}

// editJournal changes the lines of a journal.
func editJournal(t *testing.T, dir string, edit func(lines [][]byte) [][]byte) {
	t.Helper()
	path := filepath.Join(dir, "journal")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(bytes.Lines(text))
	if err := os.WriteFile(path, bytes.Join(edit(lines), nil), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace returns an edit of one line, counted from 1.
func replace(n int, old, with string) func([][]byte) [][]byte {
	return func(lines [][]byte) [][]byte {
		changed := bytes.Replace(lines[n-1], []byte(old), []byte(with), 1)
		if bytes.Equal(changed, lines[n-1]) {
			panic("nothing to change in " + string(lines[n-1]))
		}
		lines[n-1] = changed
		return lines
	}
}

// Line 1 is the head, and lines 2 to 4 put the three messages.
func row17(t *testing.T) {
	all := []string{"m1 ann@mail.test: accepted", "m2 ann@mail.test: accepted", "m3 ann@mail.test: accepted"}
	doubt := "m2 ann@mail.test: doubt"
	for name, c := range map[string]struct {
		edit    func([][]byte) [][]byte
		told    []string
		damaged string // id of what is reported; "-" for nothing
	}{
		"torn":          {func(l [][]byte) [][]byte { return append(l, []byte(`{"n":5,"msg":"`)) }, all, "-"},
		"torn zeros":    {func(l [][]byte) [][]byte { return append(l, make([]byte, 5000)) }, all, "-"},
		"torn last":     {func(l [][]byte) [][]byte { l[3] = l[3][:len(l[3])-1]; return l }, all[:2], "-"},
		"put":           {replace(3, "ann@", "anm@"), []string{all[0], all[2]}, "m2"},
		"put's sum":     {replace(3, `"sum":"`, `"sum":"0`), []string{all[0], all[2]}, "m2"},
		"put's end":     {replace(3, "\n", " "), []string{all[0], "m1 ann@mail.test: doubt"}, ""},
		"head":          {replace(1, "outbox", "outbax"), all, ""},
		"mark of m2":    {damagedLine(`"do":"mark"`, `"do":"murk"`), []string{all[0], all[2], doubt}, "m2"},
		"mark of any":   {damagedLine(`"msg"`, `"mfg"`), []string{"m1 ann@mail.test: doubt", doubt, "m3 ann@mail.test: doubt"}, ""},
		"missing":       {func(l [][]byte) [][]byte { return append(l, line(6, l[2], `"do":"mark","to":[0]`)) }, []string{"m1 ann@mail.test: doubt", doubt, "m3 ann@mail.test: doubt"}, ""},
		"valid but odd": {func(l [][]byte) [][]byte { return append(l, line(5, l[2], `"do":"mark","to":[7]`)) }, []string{all[0], all[2], doubt}, "m2"},
	} {
		synctest.Test(t, func(t *testing.T) {
			dir, s := waitingBox(t)
			editJournal(t, dir, c.edit)
			b := open(t, dir, outbox.Config{}, s)
			b.drain()
			got := strings.Split(b.told(), "\n")
			slices.Sort(got)
			want := slices.Clone(c.told)
			if name == "put's end" { // two lines became one, which could be about any message before them
				want = []string{"m1 ann@mail.test: doubt"}
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: told %q, want %q", name, got, want)
			}
			list := b.Damaged()
			if (len(list) > 0) != (c.damaged != "-") || len(list) > 0 && list[0].ID != c.damaged {
				t.Errorf("%s: %v", name, list)
			}
			kept, _ := filepath.Glob(filepath.Join(dir, "damaged", "journal-*"))
			if (len(kept) == 1) != (len(list) > 0) {
				t.Errorf("%s: kept %v", name, kept)
			}
			b.close()
			again := open(t, dir, outbox.Config{}, s)
			if list := again.Damaged(); len(list) > 0 {
				t.Errorf("%s: again: %v", name, list)
			}
			again.close()
		})
	}
}

// line returns the nth line, about the message of another one.
func line(n int, other []byte, rest string) []byte {
	_, key, _ := bytes.Cut(other, []byte(`"msg":"`))
	return outbox.Seal(fmt.Appendf(nil, `{"n":%d,"msg":"%s",%s`, n, key[:16], rest))
}

// damagedLine returns an edit that adds a mark of the second message, damaged, and a
// line behind it.
func damagedLine(old, with string) func([][]byte) [][]byte {
	return func(lines [][]byte) [][]byte {
		mark := line(5, lines[2], `"do":"mark","to":[0]`)
		mark = bytes.Replace(mark, []byte(old), []byte(with), 1)
		return append(lines, mark, outbox.Seal([]byte(`{"n":6,"do":"kept","id":"old","sha256":"`+strings.Repeat("0", 64)+`"`)))
	}
}

// A journal of a later version is refused, and left as it is.
func TestVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, s := waitingBox(t)
		later := func(l [][]byte) [][]byte {
			l[0] = outbox.Seal([]byte(`{"n":1,"format":"mailconn outbox 2"`))
			return l
		}
		editJournal(t, dir, later)
		before, _ := os.ReadFile(filepath.Join(dir, "journal"))
		c := prepare(t, dir, outbox.Config{}, s).cfg
		if _, err := outbox.Open(t.Context(), dir, c); err == nil || !strings.Contains(err.Error(), "later version") {
			t.Error(err)
		}
		now, _ := os.ReadFile(filepath.Join(dir, "journal"))
		if !bytes.Equal(before, now) || len(contents(t, dir)) != 3 {
			t.Error("it was changed")
		}
		editJournal(t, dir, func(l [][]byte) [][]byte { l[0] = outbox.Seal([]byte(`{"n":1,"format":"mailconn outbox 1"`)); return l })
		b := open(t, dir, outbox.Config{}, s) // the lock was released
		b.drain()
		b.close()
		expectTaken(t, s, "m1 ann@mail.test", "m2 ann@mail.test", "m3 ann@mail.test")
	})
}

// Contents without a journal are set aside, and not removed.
func TestJournalMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, s := waitingBox(t)
		if err := os.Remove(filepath.Join(dir, "journal")); err != nil {
			t.Fatal(err)
		}
		b := open(t, dir, outbox.Config{}, s)
		aside, err := os.ReadDir(filepath.Join(dir, "damaged"))
		if len(aside) != 3 || len(b.Damaged()) != 3 || err != nil {
			t.Errorf("%v, %v, %v", aside, b.Damaged(), err)
		}
		b.close()
	})
}

func row34(t *testing.T) {
	exposed := func(name string, change func(dir string) error) {
		synctest.Test(t, func(t *testing.T) {
			dir, s := waitingBox(t)
			if err := change(dir); err != nil {
				t.Fatal(err)
			}
			c := prepare(t, dir, outbox.Config{}, s).cfg
			if _, err := outbox.Open(t.Context(), dir, c); !errors.Is(err, outbox.ErrExposed) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	exposed("directory", func(dir string) error { return os.Chmod(dir, 0o755) })
	exposed("contents", func(dir string) error { return os.Chmod(filepath.Join(dir, "content"), 0o750) })
	exposed("journal", func(dir string) error { return os.Chmod(filepath.Join(dir, "journal"), 0o640) })
	exposed("lock", func(dir string) error { return os.Chmod(filepath.Join(dir, "lock"), 0o604) })
	for _, name := range []string{"journal", "lock", "content"} {
		exposed("link for "+name, func(dir string) error {
			path := filepath.Join(dir, name)
			return errors.Join(os.Rename(path, path+"-real"), os.Symlink(path+"-real", path))
		})
	}
	exposed("link for the directory", func(dir string) error { return errors.Join(os.Rename(dir, dir+"-real"), os.Symlink(dir+"-real", dir)) })
	if os.Geteuid() == 0 { // others cannot give files away; the check is the same as for permissions
		exposed("journal of another", func(dir string) error { return os.Chown(filepath.Join(dir, "journal"), 65534, 65534) })
		exposed("directory of another", func(dir string) error { return os.Chown(dir, 65534, 65534) })
	}
}

func row40(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, _ := waitingBox(t)
		err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			want := os.FileMode(0o600)
			if e.IsDir() {
				want = 0o700
			}
			if err == nil && info.Mode().Perm() != want {
				t.Errorf("%s: %v", path, info.Mode())
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	secrets(t)
}

// A content that is cut while it is being sent is damaged, and not a message that ends there.
func TestCutWhileSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, dir := newServer(), newDir(t)
		b := open(t, dir, outbox.Config{}, s)
		s.set(func(command, usual string) string {
			if command == "DATA" {
				damagedContent(t, dir, func(path string) error { return os.Truncate(path, 50_000) })
			}
			return usual
		})
		e, _ := mail("m1", "ann@mail.test")
		if err := b.Put(t.Context(), "m1", e, strings.NewReader("Subject: m1\r\n\r\n"+strings.Repeat("0123456789\r\n", 10_000))); err != nil {
			t.Fatal(err)
		}
		b.drain()
		var damaged *outbox.DamagedError
		if len(b.results) != 1 || !errors.As(b.results[0].Err, &damaged) || s.total() != 0 {
			t.Errorf("%+v, %d taken", b.results, s.total())
		}
		b.close()
	})
}
