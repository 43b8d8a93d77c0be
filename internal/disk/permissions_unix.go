//go:build unix

package disk

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// SameFile reports whether a and b describe the same file.
func SameFile(a, b fs.FileInfo) bool { return os.SameFile(a, b) }

// Exposed reports whether users other than the owner have access to a file.
func Exposed(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// SyncDir syncs a directory, so that a rename in it survives a power failure. File
// systems that do not need this return an error, which is ignored.
func SyncDir(dir string) error {
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

// Foreign reports whether a file belongs to a user other than the one that the program
// runs as.
func Foreign(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(stat.Uid) != int64(os.Geteuid())
}

// Full reports whether an error means that the disk, or the user's share of it, is full.
func Full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
