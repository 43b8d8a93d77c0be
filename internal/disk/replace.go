package disk

import (
	"errors"
	"os"
	"path/filepath"
)

// Replace writes content to a new file, and renames it to path. After a crash the file at
// path is the old one or the new one, both complete, and a file whose name begins with
// ".new-" may be beside it. sync is (*os.File).Sync, except in tests. On Windows the old
// file must not be open.
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
