package outbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mailconn/mailconn/internal/disk"
	"github.com/mailconn/mailconn/smtpconn/outbox/internal/journal"
)

// makePrivate creates a directory if it does not exist, and checks it.
func makePrivate(dir string, calls journal.Calls) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = calls.SyncDir(filepath.Dir(dir))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return full(err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%w: %s is not a directory", ErrExposed, dir)
	}
	return private(dir, info)
}

func lock(ctx context.Context, dir string) (unlock func(), err error) {
	path := filepath.Join(dir, lockFile)
	if info, err := os.Lstat(path); err == nil {
		if err := private(path, info); err != nil {
			return nil, err
		}
	}
	unlock, err = disk.Lock(ctx, path)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", ErrLocked, err)
	}
	if err != nil {
		return nil, full(err)
	}
	return unlock, nil
}

// openFile opens a file that is regular, and to which other users have no access.
func openFile(path string) (*os.File, fs.FileInfo, error) {
	before, err := os.Lstat(path)
	if err != nil {
		return nil, nil, err
	}
	if err := private(path, before); err != nil {
		return nil, nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !disk.SameFile(before, info) {
		err = fmt.Errorf("%w: %s", ErrExposed, path)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// private returns an error for what is neither a directory nor a regular file, or to
// which other users have access.
func private(path string, info fs.FileInfo) error {
	if !info.IsDir() && !info.Mode().IsRegular() || disk.Exposed(info) || disk.Foreign(info) {
		return fmt.Errorf("%w: %s", ErrExposed, path)
	}
	return nil
}
