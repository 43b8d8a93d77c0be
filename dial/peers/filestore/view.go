package filestore

import (
	"io/fs"
	"maps"
	"sync"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/disk"
)

// view is what was read of one generation of the file. A generation begins each time
// the file is written anew. During a generation the file only grows, except for what
// follows its last newline.
type view struct {
	generation string
	declared   int // number of records with which the generation began

	mu    sync.RWMutex // not held during I/O
	peers map[peers.Peer]peers.Record
	size  int64       // of the lines that were read
	seen  fs.FileInfo // of the file when it was read; nil if that is not known
	err   error       // of a corrupt file

	// The lock io of the Store guards these.
	lines     int // number of lines that were read, the first included
	compactAt int // number of lines up to which the file is not written anew
}

func newView(generation string) *view {
	return &view{generation: generation, peers: map[peers.Peer]peers.Record{}}
}

// isCurrent reports whether the file is unchanged since it was read, and returns the
// error that it had then. If something follows the last newline, isCurrent is false:
// that may be replaced by as many bytes within one tick of the file system's clock.
func (v *view) isCurrent(now fs.FileInfo) (bool, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	switch {
	case v.seen == nil, now.Size() != v.seen.Size(), !now.ModTime().Equal(v.seen.ModTime()),
		now.Mode() != v.seen.Mode(), !disk.SameFile(now, v.seen):
		return false, nil
	}
	return v.err != nil || v.size == now.Size(), v.err
}

// wasRead records the state in which the file was read, and its error.
func (v *view) wasRead(info fs.FileInfo, err error) {
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

// set applies an entry whose line has the given length.
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
