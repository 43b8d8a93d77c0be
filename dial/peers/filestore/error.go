package filestore

import (
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/internal/wire"
)

var (
	// ErrExposed means that the file grants other users access. The permissions are
	// not corrected, since other users may have changed the file: check it first.
	ErrExposed = errors.New("other users have access to the file, want permissions 0600")
	// ErrNotRegular means that the path leads to a directory, a device or a pipe.
	ErrNotRegular = errors.New("not a regular file")
)

var errNilContext = errors.New("filestore: nil context")

// CorruptError is the error for a file that is not what a Store has written. Nothing
// is written to such a file. To start with an empty store, move the file away.
type CorruptError struct {
	Path string // path of the file, without symbolic links
	Line int    // number of the line, counted from 1
	Err  error  // what is wrong with the line
}

// Error returns the file, the line and what is wrong with it.
func (e *CorruptError) Error() string {
	return wire.Printable(fmt.Sprintf("filestore: %s:%d: %v", e.Path, e.Line, e.Err))
}

// Unwrap returns Err.
func (e *CorruptError) Unwrap() error { return e.Err }
