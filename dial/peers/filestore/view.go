package filestore

import (
	"io/fs"
	"maps"
	"sync"

	"github.com/mailconn/mailconn/dial/peers"
)

// view is what was read of one generation of the file: of all that was written
// between one time it was written anew and the next. In that time the file only
// grows, except for what stands behind its last newline.
type view struct {
	generation string
	promised   int // records with which the generation began

	mu    sync.RWMutex // never held over I/O
	peers map[peers.Peer]peers.Record
	size  int64       // of the lines read
	seen  fs.FileInfo // the file when they were read; nil: look again
	err   error       // why not all of it could be read then

	// For who has the turn.
	lines    int // how many were read, the first included
	patience int // how many lines there may be before the file is written anew
}

func newView(generation string) *view {
	return &view{generation: generation, peers: map[peers.Peer]peers.Record{}}
}

// fresh reports whether the file is as it was when it was read, and what was
// wrong with it then. What stands behind the last newline may be replaced by as
// many bytes, within one tick of the file system's clock: a file that ends so is
// always looked at again.
func (v *view) fresh(now fs.FileInfo) (bool, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	switch {
	case v.seen == nil, now.Size() != v.seen.Size(), !now.ModTime().Equal(v.seen.ModTime()),
		now.Mode() != v.seen.Mode(), !sameFile(now, v.seen):
		return false, nil
	}
	return v.err != nil || v.size == now.Size(), v.err
}

// looked notes how the file was found.
func (v *view) looked(info fs.FileInfo, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen, v.err = info, err
}

func (v *view) get(p peers.Peer) *peers.Record {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if r, known := v.peers[p]; known {
		return &r
	}
	return nil
}

// set changes what is known, by a line of the given length.
func (v *view) set(e entry, length int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if e.record == nil {
		delete(v.peers, e.peer)
	} else {
		v.peers[e.peer] = *e.record
	}
	v.size += int64(length)
	v.lines++
}

func (v *view) snapshot() map[peers.Peer]peers.Record {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return maps.Clone(v.peers)
}
