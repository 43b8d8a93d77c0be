package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/wire"
)

// slack is how many lines that no longer count are kept in any file.
const slack = 1000

// Store remembers servers in a file. Its methods may be called by many
// goroutines at once, while other Stores, in this program or in others, use the
// same file.
//
// Whatever waits for others ends with the context; what the system does with the
// file cannot be interrupted.
type Store struct {
	path string
	// Each holds a token while somebody waits for the lock or has it, and while
	// somebody works on the file: nobody reads later because another waits.
	writer, turn chan struct{}
	view         atomic.Pointer[view]

	// For who has the turn.
	closed  bool
	suspect string // the generation whose file the disk may not have
	slack   int
	disk    disk
}

// disk is what the system does for a Store; tests make it fail.
type disk struct {
	write   func(f *os.File, b []byte, at int64) (int, error)
	sync    func(*os.File) error
	syncDir func(path string) error
}

var _ peers.Store = (*Store)(nil)

// Open opens the file at a path, and creates it if nothing is there; ctx bounds
// the wait for others who do so at the same time. It reads all of the file, and
// needs no permission to write one that exists. It fails with a
// [*CorruptError], [ErrExposed], [ErrNotRegular] or an error of the system.
func Open(ctx context.Context, path string) (*Store, error) {
	path, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	s := &Store{path: path, writer: make(chan struct{}, 1), turn: make(chan struct{}, 1), slack: slack}
	s.disk = disk{(*os.File).WriteAt, (*os.File).Sync, syncDir}
	_, err = s.refresh()
	if errors.Is(err, fs.ErrNotExist) {
		err = s.create(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// resolve returns the path without symbolic links: the file is replaced, a link
// to it is not, and all who use it have to find the same lock.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		dir, err := filepath.EvalSymlinks(filepath.Dir(path))
		return filepath.Join(dir, filepath.Base(path)), err
	}
	return real, err
}

// Recall returns what is remembered of a server, nil if nothing is. It looks at
// the file's size and time, and reads what others have added.
func (s *Store) Recall(ctx context.Context, p peers.Peer) (*peers.Record, error) {
	v, err := s.latest(ctx)
	if err != nil {
		return nil, err
	}
	return v.get(p), nil
}

// Remember adds what a session has shown. Times are kept to the second. It fails
// with the error of [peers.Record.Validate], as Open does, or with that of the
// system if the change cannot be written: whatever was acknowledged before it is
// still there, and a later call may succeed.
func (s *Store) Remember(ctx context.Context, p peers.Peer, seen peers.Record) error {
	seen = whole(seen)
	if err := errors.Join(p.Validate(), seen.Validate()); err != nil {
		return fmt.Errorf("filestore: %w", err)
	}
	return s.change(ctx, p, func(old *peers.Record) *peers.Record {
		if old != nil {
			seen = old.Merge(seen)
		}
		return &seen
	})
}

// whole returns r with its times as they are written.
func whole(r peers.Record) peers.Record {
	r.FirstSeen = r.FirstSeen.UTC().Truncate(time.Second)
	r.LastSeen = r.LastSeen.UTC().Truncate(time.Second)
	if rest := r.Lifetime % time.Second; rest > 0 {
		r.Lifetime += time.Second - rest
	}
	return r
}

// Forget removes a server: the next dial meets a stranger. Not to know it is no
// error.
func (s *Store) Forget(ctx context.Context, p peers.Peer) error {
	return s.change(ctx, p, func(*peers.Record) *peers.Record { return nil })
}

// Each calls f for every server, in no order, until it returns an error, which
// Each returns. f may use the store.
func (s *Store) Each(ctx context.Context, f func(peers.Peer, peers.Record) error) error {
	v, err := s.latest(ctx)
	if err != nil {
		return err
	}
	for p, r := range v.snapshot() {
		if err := f(p, r); err != nil {
			return err
		}
	}
	return nil
}

// Close waits for changes that are being written. After it every method but
// Close fails with fs.ErrClosed.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer s.give()
	s.closed = true
	s.view.Store(nil)
	return nil
}

// take begins a turn, unless ctx ends before it comes.
func (s *Store) take(ctx context.Context) error {
	if err := s.wait(ctx, s.turn); err != nil {
		return err
	}
	if s.closed {
		s.give()
		return fmt.Errorf("filestore: %s: %w", s.path, fs.ErrClosed)
	}
	return nil
}

// give ends a turn.
func (s *Store) give() { <-s.turn }

func (s *Store) wait(ctx context.Context, token chan<- struct{}) error {
	select {
	case token <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("filestore: %s is in use: %w", s.path, wire.ContextError(ctx))
	}
}

// latest returns what is in the file now.
func (s *Store) latest(ctx context.Context) (*view, error) {
	info, err := os.Stat(s.path)
	if v := s.view.Load(); err == nil && v != nil {
		if fresh, err := v.fresh(info); fresh {
			return v, err
		}
	}
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	defer s.give()
	return s.refresh()
}
