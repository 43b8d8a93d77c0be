package oauth_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/auth/oauth"
)

// Files are open to their owner alone, whatever the umask of the program.
func TestRow14FileMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are those of Unix")
	}
	dir := filepath.Join(t.TempDir(), "a", "tokens")
	s := fileStore(t, dir)
	put(t, s, "k", "refresh-refresh")
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
}

// The tokens in a file that other users can read or write are not used. The next sign-in
// replaces it.
func TestRow14Exposed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are those of Unix")
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o602, 0o666} {
		s := fileStore(t, privateDir(t))
		put(t, s, "k", "one")
		path := s.Path("k")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		a := account(t, newIssuer(testIssuer), oauth.Config{Apps: []oauth.App{newIssuer(testIssuer).app()}, Store: s})
		seed(t, a, s, "access-access-access-0", "refresh-refresh-refresh-0", time.Hour)
		if err := os.Chmod(s.Path(a.Key()), mode); err != nil {
			t.Fatal(err)
		}
		var consent *oauth.ConsentError
		if _, err := a.Secret(t.Context(), nil); !errors.As(err, &consent) || !errors.Is(err, oauth.ErrExposed) || !errors.Is(err, oauth.ErrNoGrant) {
			t.Errorf("%v: %v", mode, err)
		}
		if _, err := s.Load(t.Context(), "k"); !errors.Is(err, oauth.ErrExposed) || !strings.Contains(err.Error(), path) {
			t.Errorf("%v: %v", mode, err)
		}
		err := s.Update(t.Context(), "k", func(old []byte) ([]byte, error) {
			if old != nil {
				t.Errorf("%v: Update gives %q", mode, old)
			}
			return []byte("two"), nil
		})
		if got := get(t, s, "k"); err != nil || got != "two" {
			t.Errorf("%v: %v, %q", mode, err, got)
		}
	}
}

// A directory that other users can write to is not used: they could put tokens of theirs
// there. One that they can read is.
func TestRow14ExposedDirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are those of Unix")
	}
	for mode, want := range map[fs.FileMode]error{
		0o770: oauth.ErrExposed, 0o702: oauth.ErrExposed, 0o777 | fs.ModeSticky: oauth.ErrExposed, 0o755: nil, 0o700: nil,
	} {
		dir := t.TempDir()
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := oauth.NewFileStore(dir); !errors.Is(err, want) || want != nil && !strings.Contains(err.Error(), dir) {
			t.Errorf("%v: %v", mode, err)
		}
	}
}

// A file or a directory of another user's is not used, also by root.
func TestRow14Foreign(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := privateDir(t)
	s := fileStore(t, dir)
	put(t, s, "k", "one")
	const nobody = 65534
	if err := os.Chown(s.Path("k"), nobody, -1); err != nil {
		t.Fatal(err)
	}
	if value, err := s.Load(t.Context(), "k"); value != nil || !errors.Is(err, oauth.ErrExposed) {
		t.Errorf("file: %q, %v", value, err)
	}
	put(t, s, "k", "two")
	if got := get(t, s, "k"); got != "two" {
		t.Errorf("replaced: %q", got)
	}
	if err := os.Chown(dir, nobody, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := oauth.NewFileStore(dir); !errors.Is(err, oauth.ErrExposed) {
		t.Errorf("directory: %v", err)
	}
}

// What is not a regular file is neither used nor followed, and a pipe does not block.
func TestRow14NotAFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	elsewhere := fileStore(t, privateDir(t))
	put(t, elsewhere, "k", "one")
	target := elsewhere.Path("k")
	before, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	for name, plant := range map[string]func(path string) error{
		"link":          func(path string) error { return os.Symlink(target, path) },
		"dangling link": func(path string) error { return os.Symlink(filepath.Join(t.TempDir(), "none"), path) },
		"pipe":          func(path string) error { return exec.Command("mkfifo", "-m", "600", path).Run() },
	} {
		for _, suffix := range []string{"", ".new"} {
			s := fileStore(t, privateDir(t))
			if err := plant(s.Path("k") + suffix); err != nil {
				t.Fatal(err)
			}
			if value, err := s.Load(t.Context(), "k"); value != nil || suffix == "" && !errors.Is(err, oauth.ErrDamaged) {
				t.Errorf("%s%s: %q, %v", name, suffix, value, err)
			}
			err := s.Update(t.Context(), "k", func(old []byte) ([]byte, error) {
				if old != nil {
					t.Errorf("%s%s: Update gives %q", name, suffix, old)
				}
				return []byte("two"), nil
			})
			if got := get(t, s, "k"); err != nil || got != "two" {
				t.Errorf("%s%s: %v, %q", name, suffix, err, got)
			}
			if after, err := os.ReadFile(target); err != nil || !slices.Equal(after, before) {
				t.Errorf("%s%s: the link was followed: %q, %v", name, suffix, after, err)
			}
		}
	}
	s := fileStore(t, privateDir(t))
	if err := os.Mkdir(s.Path("k"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Update(t.Context(), "k", func([]byte) ([]byte, error) { return []byte("two"), nil }); err == nil {
		t.Error("a directory was replaced")
	}
}

// A file with any damage is not used.
func TestDamaged(t *testing.T) {
	s := fileStore(t, privateDir(t))
	put(t, s, "k", "one\ntwo")
	path := s.Path("k")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := [][]byte{append(slices.Clone(good), '\n'), []byte(strings.Repeat("x", 1<<20))}
	for n := range good {
		damaged := slices.Clone(good)
		damaged[n] ^= 1
		bad = append(bad, good[:n], damaged)
	}
	for _, text := range bad {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if value, err := s.Load(t.Context(), "k"); !errors.Is(err, oauth.ErrDamaged) || value != nil {
			t.Fatalf("%q: %q, %v", text, value, err)
		}
	}
	put(t, s, "other", "x")
	if err := os.Rename(s.Path("other"), path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(t.Context(), "k"); !errors.Is(err, oauth.ErrDamaged) {
		t.Errorf("the file of another account: %v", err)
	}
	put(t, s, "k", "again")
	if got := get(t, s, "k"); got != "again" {
		t.Errorf("replaced: %q", got)
	}
}

// Update returns nil after what it wrote was synced, and the directory after that.
func TestSynced(t *testing.T) {
	s := fileStore(t, privateDir(t))
	path := s.Path("k")
	var steps []string
	s.OnSync(func(f *os.File) error { steps = append(steps, "sync "+filepath.Base(f.Name())); return f.Sync() })
	s.OnRename(func(from, to string) error { steps = append(steps, "rename"); return os.Rename(from, to) })
	s.OnSyncDir(func(string) error { steps = append(steps, "sync directory"); return nil })
	put(t, s, "k", "one")
	if want := []string{"sync " + filepath.Base(path) + ".new", "rename", "sync directory"}; !slices.Equal(steps, want) {
		t.Errorf("steps %q", steps)
	}
}

// If any step of Update fails, it returns the error, and the file has its old value or the
// new one. A value that was written whole is there after the next Update; one that could
// not be synced is not.
func TestUpdateFails(t *testing.T) {
	for name, c := range map[string]struct {
		breakIt func(*oauth.FileStore)
		now     string // the value after the error
		next    string // what the next Update finds
	}{
		"write": {func(s *oauth.FileStore) {
			s.OnWrite(func(f *os.File, b []byte) (int, error) { f.Write(b[:len(b)/2]); return len(b) / 2, syscall.ENOSPC })
		}, "one", "one"},
		"sync":      {func(s *oauth.FileStore) { s.OnSync(func(*os.File) error { return syscall.ENOSPC }) }, "one", "one"},
		"rename":    {func(s *oauth.FileStore) { s.OnRename(func(_, _ string) error { return syscall.ENOSPC }) }, "one", "two"},
		"directory": {func(s *oauth.FileStore) { s.OnSyncDir(func(string) error { return syscall.ENOSPC }) }, "two", "two"},
	} {
		dir := privateDir(t)
		put(t, fileStore(t, dir), "k", "one")
		s := fileStore(t, dir)
		c.breakIt(s)
		err := s.Update(t.Context(), "k", func([]byte) ([]byte, error) { return []byte("two"), nil })
		if got := get(t, s, "k"); !errors.Is(err, syscall.ENOSPC) || got != c.now {
			t.Errorf("%s: %v, %q", name, err, got)
		}
		if name == "directory" { // the same value again is no success either
			if err := s.Update(t.Context(), "k", func(old []byte) ([]byte, error) { return old, nil }); err == nil {
				t.Error("the directory is still not synced, and Update succeeds")
			}
		}
		err = fileStore(t, dir).Update(t.Context(), "k", func(old []byte) ([]byte, error) {
			if string(old) != c.next {
				t.Errorf("%s: the next Update gives %q", name, old)
			}
			return []byte("three"), nil
		})
		if got := get(t, s, "k"); err != nil || got != "three" {
			t.Errorf("%s: next: %v, %q", name, err, got)
		}
	}
}

// A directory that cannot be made is an error.
func TestNoDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := oauth.NewFileStore(filepath.Join(file, "tokens")); err == nil {
		t.Error("a store below a file")
	}
}
