//go:build unix

package filestore_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mailconn/mailconn/dial/peers/filestore"
)

// All files are created for the owner alone, and an exposed file is refused.
func TestPermissions(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := newPath(t)
	s := open(t, path)
	s.SetSlack(-100)
	remember(t, s, peer(1), record(1))
	for _, name := range []string{path, path + ".lock"} {
		if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
	before := all(t, s)
	for _, mode := range []os.FileMode{0o644, 0o640, 0o620, 0o602, 0o601} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, recall := s.Recall(t.Context(), peer(1))
		_, opened := filestore.Open(t.Context(), path)
		for _, err := range []error{recall, opened, s.Remember(t.Context(), peer(1), record(2))} {
			if !errors.Is(err, filestore.ErrExposed) {
				t.Errorf("mode %v: %v", mode, err)
			}
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := all(t, s); !maps.Equal(got, before) {
			t.Errorf("after mode %v: %v", mode, got)
		}
	}
}

// Open does not block on a path that is not a regular file, and does not replace it.
func TestNotRegular(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, pipe, os.DevNull} {
		if _, err := filestore.Open(t.Context(), path); !errors.Is(err, filestore.ErrNotRegular) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := filestore.Open(t.Context(), filepath.Join(dir, "missing", "peers")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a directory that is not there: %v", err)
	}
}
