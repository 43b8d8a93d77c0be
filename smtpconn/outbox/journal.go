package outbox

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/mailconn/mailconn/internal/disk"
)

// calls has the system calls that tests replace.
type calls struct {
	read    func(f *os.File, b []byte) (int, error) // contents
	write   func(f *os.File, b []byte, at int64) (int, error)
	sync    func(*os.File) error
	syncDir func(path string) error
}

var systemCalls = calls{(*os.File).Read, (*os.File).WriteAt, (*os.File).Sync, disk.SyncDir}

// journal is the file to which lines are appended. Its mutex is that of the outbox, and
// is held by the callers of all methods.
type journal struct {
	mu    *sync.Mutex
	path  string
	calls calls
	// snapshot calls f for each line that a new journal has.
	snapshot func(f func(*entry) error) error

	file    *os.File
	size    int64 // of the lines in the file
	lines   int
	pending []*entry // lines that could not be written yet

	// suspect is set when a sync has failed: a later one may succeed although earlier
	// writes are not on disk, so the journal is written anew before anything else is.
	suspect bool

	// written counts the lines that were given to the journal, and synced those of them
	// that are on disk. syncing is closed when the sync that is under way has ended.
	written, synced uint64
	syncing         chan struct{}
}

// append writes a line, after those that are pending. After an error it is not in the
// journal.
func (j *journal) append(e *entry) error {
	if err := j.catchUp(); err != nil {
		return err
	}
	if err := j.write(e); err != nil {
		return err
	}
	j.written++
	return nil
}

// record is append for a line that must not be lost: if it cannot be written now it is
// written later.
func (j *journal) record(e *entry) {
	if j.append(e) != nil {
		j.pending = append(j.pending, e)
		j.written++
	}
}

// catchUp writes what is pending, or the journal anew if it is suspect.
func (j *journal) catchUp() error {
	if j.suspect {
		return j.rewrite()
	}
	for len(j.pending) > 0 {
		if err := j.write(j.pending[0]); err != nil {
			return err
		}
		j.pending = j.pending[1:]
	}
	return nil
}

func (j *journal) write(e *entry) error {
	line, err := e.line(j.lines + 1)
	if err != nil {
		return err
	}
	if _, err := j.calls.write(j.file, line, j.size); err != nil {
		if failed := j.file.Truncate(j.size); failed != nil {
			j.suspect = true
			err = errors.Join(err, failed)
		}
		return err
	}
	j.size += int64(len(line))
	j.lines++
	return nil
}

// sync returns when the lines up to a number are on disk. Callers that come while a
// sync is under way share the next one. The mutex is not held during a sync.
func (j *journal) sync(until uint64) error {
	for j.synced < until {
		if j.syncing != nil {
			j.await(j.syncing)
			continue
		}
		if err := j.catchUp(); err != nil {
			return err
		}
		if j.synced >= until {
			break // it was written anew
		}
		if err := j.syncFile(); err != nil {
			return err
		}
	}
	return nil
}

func (j *journal) await(done <-chan struct{}) {
	j.mu.Unlock()
	defer j.mu.Lock()
	<-done
}

// syncFile syncs what has been written so far.
func (j *journal) syncFile() error {
	file, upTo, done := j.file, j.written, make(chan struct{})
	j.syncing = done
	j.mu.Unlock()
	err := j.calls.sync(file)
	j.mu.Lock()
	j.syncing = nil
	close(done)
	if j.file != file { // it was written anew, and synced, meanwhile
		return nil
	}
	if err != nil {
		j.suspect = true
		return err
	}
	j.synced = max(j.synced, upTo)
	return nil
}

// rewrite replaces the journal by a new one with what is known. After an error the old
// one may still be in place.
func (j *journal) rewrite() error {
	temp := j.path + ".new"
	next, size, lines, err := j.writeNew(temp)
	if err == nil {
		if err = os.Rename(temp, j.path); err != nil {
			next.Close()
		}
	}
	if err != nil {
		os.Remove(temp)
		return err
	}
	if j.file != nil {
		j.file.Close()
	}
	j.file, j.size, j.lines, j.pending = next, size, lines, nil
	j.suspect = true // after a power failure the old one may be back
	if err := j.calls.syncDir(filepath.Dir(j.path)); err != nil {
		return err
	}
	j.suspect, j.synced = false, j.written
	return nil
}

// writeNew writes a new journal and syncs it.
func (j *journal) writeNew(path string) (f *os.File, size int64, lines int, err error) {
	// A program that was stopped may have left the file.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, 0, 0, err
	}
	if f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return nil, 0, 0, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	out := bufio.NewWriterSize(writerFunc(func(b []byte) (int, error) {
		n, err := j.calls.write(f, b, size)
		size += int64(n)
		return n, err
	}), 64<<10)
	put := func(e *entry) error {
		lines++
		line, err := e.line(lines)
		if err == nil {
			_, err = out.Write(line)
		}
		return err
	}
	if err = put(&entry{Format: format}); err == nil {
		err = j.snapshot(put)
	}
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = j.calls.sync(f)
	}
	return f, size, lines, err
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// adopt goes on with the journal that is there, behind its last line.
func (j *journal) adopt(size int64, lines int) error {
	f, err := os.OpenFile(j.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	j.file, j.size, j.lines, j.suspect = f, size, lines, false
	if err := f.Truncate(size); err != nil {
		return err
	}
	return j.calls.sync(f)
}

func (j *journal) close() error { return j.file.Close() }
