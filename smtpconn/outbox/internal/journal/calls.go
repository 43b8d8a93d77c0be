package journal

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/mailconn/mailconn/internal/disk"
)

// Calls has the system calls that tests replace.
type Calls struct {
	Read    func(f *os.File, b []byte) (int, error) // contents
	Write   func(f *os.File, b []byte, at int64) (int, error)
	Sync    func(*os.File) error
	SyncDir func(path string) error
}

// SystemCalls are those of the system.
var SystemCalls = Calls{(*os.File).Read, (*os.File).WriteAt, (*os.File).Sync, disk.SyncDir}

// Create makes a file of what write writes, and syncs it. After an error, or a panic of
// write, the file is not there.
func (c Calls) Create(path string, write func(*os.File) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	created := false
	defer func() {
		if !created {
			f.Close()
			os.Remove(path)
		}
	}()
	if err = write(f); err == nil {
		err = c.Sync(f)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = c.SyncDir(filepath.Dir(path))
	}
	created = err == nil
	return err
}
