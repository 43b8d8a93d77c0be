package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mailconn/mailconn/dial/peers/filestore"
	"github.com/mailconn/mailconn/internal/test/child"
)

// systemChildren returns the children that need this system.
func systemChildren() map[string]func([]string) error {
	return map[string]func([]string) error{"no space": withoutSpace, "full disk": fullDisk, "read only": readOnly}
}

// run runs one of children, and fails the test if it fails.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := child.Command(t, name, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A write beyond the size limit of a file leaves the file unchanged, and succeeds once
// the limit is raised.
func TestNoSpace(t *testing.T) {
	path := newPath(t)
	run(t, "no space", path)
	if n := len(all(t, open(t, path))); n < 10 {
		t.Errorf("%d records are left", n)
	}
}

// withoutSpace raises the size limit step by step, so that each write is cut off at
// another byte.
func withoutSpace(args []string) error {
	signal.Ignore(syscall.SIGXFSZ)
	var most syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &most); err != nil {
		return err
	}
	s, err := filestore.Open(context.Background(), args[0])
	if err != nil {
		return err
	}
	for i := range 10 {
		before, err := os.ReadFile(args[0])
		if err != nil {
			return err
		}
		for n := range 30 {
			syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(len(before) + 10*n), Max: most.Max})
			err := remembers(s, i)
			syscall.Setrlimit(syscall.RLIMIT_FSIZE, &most)
			if err := unchanged(args[0], string(before), err, syscall.EFBIG); err != nil {
				return err
			}
		}
		if err := remembers(s, i); err != nil {
			return fmt.Errorf("with space again: %w", err)
		}
	}
	return nil
}

func remembers(s *filestore.Store, i int) error {
	return s.Remember(context.Background(), peer(i), record(i))
}

// unchanged returns an error unless err wraps want and the file has the text before.
func unchanged(path, before string, err, want error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("error %v, want %v", err, want)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != before {
		return fmt.Errorf("the file was changed: %w\n%s", err, now)
	}
	return nil
}

// A file that cannot be written can be read.
func TestReadOnly(t *testing.T) {
	path := newPath(t)
	remember(t, open(t, path), peer(1), record(1))
	dir := filepath.Dir(path)
	for name, mode := range map[string]os.FileMode{path + ".lock": 0o400, path: 0o400, dir: 0o555, filepath.Dir(dir): 0o755} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() == 0 && name != filepath.Dir(dir) {
			if err := os.Chown(name, unprivileged, unprivileged); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Cleanup(func() { os.Chmod(dir, 0o700) })
	run(t, "read only", path)
}

// unprivileged is the id of a user and a group without special rights.
const unprivileged = 65534

// readOnly uses a file that it may not write.
func readOnly(args []string) error {
	ctx, path := context.Background(), args[0]
	if os.Geteuid() == 0 {
		if err := errors.Join(syscall.Setgid(unprivileged), syscall.Setuid(unprivileged)); err != nil {
			return err
		}
	}
	before, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s, err := filestore.Open(ctx, path)
	if err != nil {
		return err
	}
	if r, err := s.Recall(ctx, peer(1)); err != nil || r == nil {
		return fmt.Errorf("recall: %v, %w", r, err)
	}
	for _, err := range []error{remembers(s, 1), s.Forget(ctx, peer(1))} {
		if err := unchanged(path, string(before), err, fs.ErrPermission); err != nil {
			return err
		}
	}
	if _, err := filestore.Open(ctx, path+"-new"); !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("a new file in a read-only directory: %w", err)
	}
	return nil
}

// On a full disk the file is unchanged, and can be written once there is space.
func TestFullDisk(t *testing.T) {
	child.RunWithMounts(t, child.Command(t, "full disk", t.TempDir()))
}

// fullDisk mounts a small disk, writes to it until it is full, and again once there is
// space.
func fullDisk(args []string) error {
	ctx, dir := context.Background(), args[0]
	if err := child.MountDisk(dir, "64k"); err != nil {
		return err
	}
	path, ballast := filepath.Join(dir, "peers"), filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 16<<10), 0o600); err != nil {
		return err
	}
	s, err := filestore.Open(ctx, path)
	if err != nil {
		return err
	}
	n, before := 0, []byte(nil)
	for ; err == nil; n++ {
		if before, err = os.ReadFile(path); err == nil {
			err = remembers(s, n)
		}
	}
	if err := unchanged(path, string(before), err, syscall.ENOSPC); err != nil {
		return err
	}
	if _, err := filestore.Open(ctx, path+"-new"); !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("a new file on a full disk: %w", err)
	}
	if err := errors.Join(os.Remove(ballast), remembers(s, n)); err != nil {
		return fmt.Errorf("with space again: %w", err)
	}
	if known, err := list(ctx, s); err != nil || len(known) != n || n < 50 {
		return fmt.Errorf("%d records of %d: %w", len(known), n, err)
	}
	return nil
}
