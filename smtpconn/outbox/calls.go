package outbox

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/mailconn/mailconn/internal/disk"
)

// calls has the system calls that tests replace.
type calls struct {
	read    func(f *os.File, b []byte) (int, error) // contents
	write   func(f *os.File, b []byte, at int64) (int, error)
	sync    func(*os.File) error
	syncDir func(path string) error
}

var systemCalls = calls{(*os.File).Read, (*os.File).WriteAt, (*os.File).Sync, disk.SyncDir}

// create makes a file of what write writes, and syncs it. After an error, or a panic of
// write, the file is not there.
func (c calls) create(path string, write func(*os.File) error) error {
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
		err = c.sync(f)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = c.syncDir(filepath.Dir(path))
	}
	created = err == nil
	return err
}
