package filestore

import (
	"errors"
	"fmt"
)

var (
	// ErrExposed: the file grants other users access. It is left as it is: what
	// they may have changed in it is for a person to judge.
	ErrExposed = errors.New("other users have access to it, want permissions 0600")
	// ErrNotRegular: the path leads to a directory, a device, a pipe.
	ErrNotRegular = errors.New("not a regular file")
)

// CorruptError is a file that holds something else than what a Store has
// written. To begin anew, move it away; as long as it is there nothing is
// written.
type CorruptError struct {
	Path string // without symbolic links
	Line int    // counted from 1
	Err  error  // what is wrong with it
}

// Error returns the file, the line and what is wrong with it.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("filestore: %s:%d: %v", e.Path, e.Line, e.Err)
}

// Unwrap returns what is wrong with the line.
func (e *CorruptError) Unwrap() error { return e.Err }
