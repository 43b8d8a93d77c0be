//go:build unix

package filestore

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// sameFile reports whether two looks at a path met the same file.
func sameFile(a, b fs.FileInfo) bool { return os.SameFile(a, b) }

// exposed reports whether others than the owner have access.
func exposed(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// syncDir makes the disk have what was renamed in a directory. Some file systems
// have nothing to do for that, and say so.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
