package filestore

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/mailconn/mailconn/internal/wire"
)

// lockFile takes fileLock. It fails if ctx ends first, or if the store is closed.
func (s *Store) lockFile(ctx context.Context) error {
	if err := s.acquire(ctx, s.fileLock); err != nil {
		return err
	}
	if s.closed {
		s.unlockFile()
		return fmt.Errorf("filestore: %s: %w", s.path, fs.ErrClosed)
	}
	return nil
}

func (s *Store) unlockFile() { <-s.fileLock }

// acquire takes a lock, and fails if ctx ends first.
func (s *Store) acquire(ctx context.Context, lock chan<- struct{}) error {
	select {
	case lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("filestore: %s is in use: %w", s.path, wire.ContextError(ctx))
	}
}
