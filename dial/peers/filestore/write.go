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

	"github.com/mailconn/mailconn/dial/peers"
)

// change writes what f makes of the latest record of a server; nil is none.
func (s *Store) change(ctx context.Context, p peers.Peer, f func(*peers.Record) *peers.Record) error {
	if err := s.wait(ctx, s.writer); err != nil {
		return err
	}
	defer func() { <-s.writer }()
	unlock, err := lock(ctx, s.lockPath())
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	v, err := s.refresh()
	if err != nil {
		return err
	}
	old := v.get(p)
	e := entry{p, f(old)}
	if e.record == nil && old == nil {
		return nil
	}
	if err := s.write(v, e); err != nil {
		return fmt.Errorf("filestore: %w", err)
	}
	return nil
}

func (s *Store) lockPath() string { return s.path + ".lock" }

// write makes the disk have an entry.
func (s *Store) write(v *view, e entry) error {
	if e.record != nil && e.record.Expires().Year() > 9999 {
		return errors.New("record expires after the year 9999")
	}
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
	// After a sync that has failed, a later one succeeds whether or not the disk
	// has what went before it. Only a new file is certain.
	v.set(e, 0)
	s.suspect = v.generation
	err := s.rewrite(v)
	if err != nil {
		s.view.Store(nil) // it has what the file may not have
	}
	return err
}

// append writes an entry at the end of the file. After an error the file has the
// lines it had before; without one, synced tells whether the disk has the entry.
func (s *Store) append(v *view, e entry) (synced bool, err error) {
	f, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.Size() > v.size {
		err = f.Truncate(v.size) // the rest of a line that nobody was told of
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
		v.looked(info, nil)
	}
	return true, nil
}

// compact writes the file anew if most of it no longer counts. The change that
// led to it is on the disk already: that it fails is no error, and it is not
// tried again soon.
func (s *Store) compact(v *view) {
	if v.lines <= max(v.patience, 2*len(v.peers)+s.slack) {
		return
	}
	if s.rewrite(v) != nil {
		v.patience = 2 * v.lines
	}
}

// rewrite replaces the file by one that has what v has, and begins a new
// generation. After an error the old one may still be there.
func (s *Store) rewrite(v *view) error {
	next := newView(rand.Text())
	next.peers, next.promised = maps.Clone(v.peers), len(v.peers)
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

// writeNew writes all that v has to a new file, which the disk has when it
// returns.
func (s *Store) writeNew(path string, v *view) (info fs.FileInfo, err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // left by somebody who was stopped
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	w.Write(head(v.generation, len(v.peers))) // the writer keeps its first error
	v.lines = 1
	for _, p := range slices.SortedFunc(maps.Keys(v.peers), comparePeers) {
		r := v.peers[p]
		w.Write(entry{p, &r}.line())
		v.lines++
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	if err := s.disk.sync(f); err != nil {
		return nil, err
	}
	return f.Stat()
}

func comparePeers(a, b peers.Peer) int {
	return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port))
}

// create makes an empty file, unless somebody else has just made it.
func (s *Store) create(ctx context.Context) error {
	unlock, err := lock(ctx, s.lockPath())
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := s.refresh(); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.rewrite(newView("")); err != nil {
		return fmt.Errorf("filestore: %w", err)
	}
	return nil
}
