//go:build !unix

package disk

import "io/fs"

// SameFile returns true: os.Stat does not identify a file here, so that size and time
// have to do.
func SameFile(_, _ fs.FileInfo) bool { return true }

// Exposed returns false: the mode does not show access here.
func Exposed(fs.FileInfo) bool { return false }

// SyncDir does nothing: a directory cannot be synced here.
func SyncDir(string) error { return nil }
