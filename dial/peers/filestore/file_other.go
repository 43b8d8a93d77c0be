//go:build !unix

package filestore

import "io/fs"

// sameFile cannot tell by what os.Stat returns here; size and time must do.
func sameFile(_, _ fs.FileInfo) bool { return true }

// exposed cannot tell by the mode bits.
func exposed(fs.FileInfo) bool { return false }

// syncDir has nothing to do: a directory cannot be synced here.
func syncDir(string) error { return nil }
