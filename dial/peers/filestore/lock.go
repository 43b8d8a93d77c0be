package filestore

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/mailconn/mailconn/internal/disk"
	"github.com/mailconn/mailconn/internal/wire"
)

// lockWriters keeps all other writers out, those of this Store and those of other Stores
// and programs, until release is called.
func (s *Store) lockWriters(ctx context.Context) (release func(), err error) {
	if err := s.acquire(ctx, s.writing); err != nil {
		return nil, err
	}
	unlock, err := disk.Lock(ctx, s.path+".lock")
	if err != nil {
		<-s.writing
		return nil, fmt.Errorf("filestore: %w", err)
	}
	return func() { unlock(); <-s.writing }, nil
}

// lockIO begins I/O on the file. It fails if ctx ends first, or if the store is closed.
func (s *Store) lockIO(ctx context.Context) error {
	if err := s.acquire(ctx, s.io); err != nil {
		return err
	}
	if s.closed {
		s.unlockIO()
		return fmt.Errorf("filestore: %s: %w", s.path, fs.ErrClosed)
	}
	return nil
}

func (s *Store) unlockIO() { <-s.io }

// acquire takes a lock, and fails if ctx ends first.
func (s *Store) acquire(ctx context.Context, lock chan<- struct{}) error {
	select {
	case lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("filestore: %s is in use: %w", s.path, wire.ContextError(ctx))
	}
}
