package disk

import (
	"errors"
	"os"
	"path/filepath"
)

// Replace puts a file with this content in the place of the one that is there, if any:
// after a crash there is the one or the other, and beside it perhaps a file whose name
// begins with ".new-". sync is (*os.File).Sync, or a test's. On Windows the old file must
// not be open.
func Replace(path string, content []byte, sync func(*os.File) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails if the file was renamed
	_, err = f.Write(content)
	if err = errors.Join(err, sync(f), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return SyncDir(dir)
}
