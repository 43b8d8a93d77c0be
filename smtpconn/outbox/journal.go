package outbox

import (
	"errors"
	"os"
	"sync"
)

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

func (j *journal) close() error { return j.file.Close() }
