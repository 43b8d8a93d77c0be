package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/disk"
)

// slack is the number of lines that no longer apply for which a file is not written
// anew.
const slack = 1000

// Store remembers servers in a file. The methods may be called by many goroutines at
// once, while other Stores in this or another program use the same file.
//
// A method that waits for another goroutine or program ends with its context. I/O on
// the file itself cannot be interrupted.
type Store struct {
	path string
	// The two locks are channels, so that the wait for them ends with a context.
	// writing is held by a writer, also while it waits for the lock file. io is held
	// during I/O on the file. So a reader does not wait for the lock file.
	writing, io chan struct{}
	view        atomic.Pointer[view]

	// io guards these.
	closed  bool
	suspect string // the generation that may not be on disk, since a sync failed
	slack   int
	disk    systemCalls
}

// systemCalls are those of a Store that tests replace.
type systemCalls struct {
	write   func(f *os.File, b []byte, at int64) (int, error)
	sync    func(*os.File) error
	syncDir func(path string) error
}

var _ peers.Store = (*Store)(nil)

// Open opens the file at a path, and creates it if it does not exist. ctx bounds the
// wait for other programs that create it at the same time. Open reads the whole file.
// An existing file need not be writable. The error is a [*CorruptError],
// [ErrExposed], [ErrNotRegular] or an error of the system, wrapped.
func Open(ctx context.Context, path string) (*Store, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	path, err := resolve(path)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	s := &Store{path: path, writing: make(chan struct{}, 1), io: make(chan struct{}, 1), slack: slack}
	s.disk = systemCalls{(*os.File).WriteAt, (*os.File).Sync, disk.SyncDir}
	_, err = s.refresh()
	if errors.Is(err, fs.ErrNotExist) {
		err = s.create(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// resolve returns the path without symbolic links. Otherwise writing the file anew
// would replace a link to it, and the lock would have several names.
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

// Recall returns the record of a server, and nil if there is none. If the size or the
// time of the file has changed, it reads what was added.
func (s *Store) Recall(ctx context.Context, p peers.Peer) (*peers.Record, error) {
	v, err := s.latest(ctx)
	if err != nil {
		return nil, err
	}
	return v.get(p), nil
}

// Remember adds what a session has shown to the record of a server, in whole seconds
// ([peers.Record.Rounded]). The error is that of [peers.Peer.Validate] or
// [peers.Record.Validate], an error that Open can return, or the system's error if the
// change cannot be written, wrapped. After an error earlier changes are still in the
// file, and a later call may succeed.
func (s *Store) Remember(ctx context.Context, p peers.Peer, seen peers.Record) error {
	seen = seen.Rounded()
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

// Forget removes the record of a server, as if the server had never been dialled. It is
// no error if there is no record.
func (s *Store) Forget(ctx context.Context, p peers.Peer) error {
	return s.change(ctx, p, func(*peers.Record) *peers.Record { return nil })
}

// Each calls f for every server, in no particular order. If f returns an error, Each
// stops and returns it. f may use the store.
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

// Close closes the store, after the change that is being written. Later calls of
// every other method fail with fs.ErrClosed.
func (s *Store) Close() error {
	s.io <- struct{}{}
	defer s.unlockIO()
	s.closed = true
	s.view.Store(nil)
	return nil
}

// latest returns a view of the file as it is now.
func (s *Store) latest(ctx context.Context) (*view, error) {
	if ctx == nil {
		return nil, errNilContext
	}
	info, err := os.Stat(s.path)
	if v := s.view.Load(); err == nil && v != nil {
		if current, err := v.isCurrent(info); current {
			return v, err
		}
	}
	if err := s.lockIO(ctx); err != nil {
		return nil, err
	}
	defer s.unlockIO()
	return s.refresh()
}
