//go:build !unix

package disk

import (
	"errors"
	"io/fs"
	"syscall"
)

// SameFile returns true: os.Stat does not identify a file here, so that callers have to
// compare sizes and times.
func SameFile(_, _ fs.FileInfo) bool { return true }

// Exposed returns false: the mode does not show access here.
func Exposed(fs.FileInfo) bool { return false }

// SyncDir does nothing: a directory cannot be synced here.
func SyncDir(string) error { return nil }

// Foreign returns false: os.Stat does not show the owner here.
func Foreign(fs.FileInfo) bool { return false }

// Full reports whether an error means that the disk is full, by Windows'
// ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL and ERROR_DISK_QUOTA_EXCEEDED.
func Full(err error) bool {
	var number syscall.Errno
	return errors.As(err, &number) && (number == 39 || number == 112 || number == 1295)
}
