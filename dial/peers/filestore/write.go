package filestore

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/mailconn/mailconn/dial/peers"
)

// change replaces the record of a server by what f returns for the latest one. nil
// stands for no record.
func (s *Store) change(ctx context.Context, p peers.Peer, f func(*peers.Record) *peers.Record) error {
	if ctx == nil {
		return errNilContext
	}
	release, err := s.lockWriters(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := s.lockIO(ctx); err != nil {
		return err
	}
	defer s.unlockIO()
	v, err := s.refresh()
	if err != nil {
		return err
	}
	old := v.get(p)
	e := entry{p, f(old)}
	switch {
	case e.record == nil && old == nil:
		return nil
	case e.record != nil:
		err = e.record.Validate() // a line with what it cannot be would make the file unreadable
	}
	if err == nil {
		err = s.write(v, e)
	}
	if err != nil {
		return fmt.Errorf("filestore: %w", err)
	}
	return nil
}

// write writes an entry and syncs it to disk.
func (s *Store) write(v *view, e entry) error {
	if s.suspect != v.generation {
		synced, err := s.append(v, e)
		if err != nil {
			return err
		}
		if synced {
			s.compact(v)
			return nil
		}
	}
	// After a sync that failed, a later one may succeed although earlier writes are
	// not on disk. Only a new file is certain.
	v.set(e, 0)
	s.suspect = v.generation
	err := s.rewrite(v)
	if err != nil {
		s.view.Store(nil) // v may have more than the file
	}
	return err
}

// append writes an entry at the end of the file. After an error the file has the same
// lines as before. Otherwise synced reports whether the entry was synced to disk.
func (s *Store) append(v *view, e entry) (synced bool, err error) {
	f, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.Size() > v.size {
		err = f.Truncate(v.size) // the beginning of a line that was not acknowledged
	}
	if err != nil {
		return false, err
	}
	line := e.line()
	if _, err := s.disk.write(f, line, v.size); err != nil {
		return false, errors.Join(err, f.Truncate(v.size))
	}
	if err := s.disk.sync(f); err != nil {
		return false, nil
	}
	v.set(e, len(line))
	info, err = f.Stat()
	if err == nil {
		v.wasRead(info, nil)
	}
	return true, nil
}

// compact writes the file anew if most of its lines no longer apply. If that fails it is
// no error, since the change is on disk already, and it is not tried again soon.
func (s *Store) compact(v *view) {
	if v.lines <= max(v.compactAt, 2*len(v.peers)+s.slack) {
		return
	}
	if s.rewrite(v) != nil {
		v.compactAt = 2 * v.lines
	}
}

// rewrite replaces the file by a new one with the records of v, which begins a new
// generation. After an error the old file may still be in place.
func (s *Store) rewrite(v *view) error {
	next := newView(rand.Text())
	next.peers, next.declared = maps.Clone(v.peers), len(v.peers)
	temp := s.path + ".new"
	info, err := s.writeNew(temp, next)
	if err == nil {
		err = os.Rename(temp, s.path)
	}
	if err != nil {
		os.Remove(temp)
		return err
	}
	next.size, next.seen = info.Size(), info
	s.view.Store(next)
	s.suspect = ""
	if err := s.disk.syncDir(filepath.Dir(s.path)); err != nil {
		s.suspect = next.generation
		return err
	}
	return nil
}

// writeNew writes the records of v to a new file and syncs it to disk.
func (s *Store) writeNew(path string, v *view) (info fs.FileInfo, err error) {
	// A writer that was stopped may have left the file.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	w.Write(seal([]string{"format", format, "generation", v.generation, "records", strconv.Itoa(v.declared)}))
	v.lines = 1
	byHost := func(a, b peers.Peer) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port))
	}
	for _, p := range slices.SortedFunc(maps.Keys(v.peers), byHost) {
		r := v.peers[p]
		w.Write(entry{p, &r}.line())
		v.lines++
	}
	if err := w.Flush(); err != nil { // of any of the writes
		return nil, err
	}
	if err := s.disk.sync(f); err != nil {
		return nil, err
	}
	return f.Stat()
}

// create creates an empty file, unless another program has created it meanwhile.
func (s *Store) create(ctx context.Context) error {
	release, err := s.lockWriters(ctx)
	if err != nil {
		return err
	}
	defer release()
	if _, err := s.refresh(); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.rewrite(newView("")); err != nil {
		return fmt.Errorf("filestore: %w", err)
	}
	return nil
}
