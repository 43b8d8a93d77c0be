package journal

import (
	"errors"
	"os"
	"sync"
)

// File is the file to which lines are appended. Its mutex is that of the outbox, and
// is held by the callers of all methods.
type File struct {
	Mu    *sync.Mutex
	Path  string
	Calls Calls
	// Snapshot calls f for each line that a new journal has.
	Snapshot func(f func(*Entry) error) error

	file    *os.File
	size    int64 // of the lines in the file
	Lines   int
	Pending []*Entry // lines that could not be written yet

	// suspect is set when a sync has failed: a later one may succeed although earlier
	// writes are not on disk, so the journal is written anew before anything else is.
	suspect bool

	// Written counts the lines that were given to the journal, and Synced those of them
	// that are on disk. syncing is closed when the sync that is under way has ended.
	Written, Synced uint64
	syncing         chan struct{}
}

// Append writes a line, after those that are pending. After an error it is not in the
// journal.
func (j *File) Append(e *Entry) error {
	if err := j.catchUp(); err != nil {
		return err
	}
	if err := j.write(e); err != nil {
		return err
	}
	j.Written++
	return nil
}

// Record is Append for a line that must not be lost: if it cannot be written now it is
// written later.
func (j *File) Record(e *Entry) {
	if j.Append(e) != nil {
		j.Pending = append(j.Pending, e)
		j.Written++
	}
}

// catchUp writes what is pending, or the journal anew if it is suspect.
func (j *File) catchUp() error {
	if j.suspect {
		return j.Rewrite()
	}
	for len(j.Pending) > 0 {
		if err := j.write(j.Pending[0]); err != nil {
			return err
		}
		j.Pending = j.Pending[1:]
	}
	return nil
}

func (j *File) write(e *Entry) error {
	line, err := e.Line(j.Lines + 1)
	if err != nil {
		return err
	}
	if _, err := j.Calls.Write(j.file, line, j.size); err != nil {
		if failed := j.file.Truncate(j.size); failed != nil {
			j.suspect = true
			err = errors.Join(err, failed)
		}
		return err
	}
	j.size += int64(len(line))
	j.Lines++
	return nil
}

// Sync returns when the lines up to a number are on disk. Callers that come while a
// sync is under way share the next one. The mutex is not held during a sync.
func (j *File) Sync(until uint64) error {
	for j.Synced < until {
		if j.syncing != nil {
			j.await(j.syncing)
			continue
		}
		if err := j.catchUp(); err != nil {
			return err
		}
		if j.Synced >= until {
			break // it was written anew
		}
		if err := j.syncFile(); err != nil {
			return err
		}
	}
	return nil
}

func (j *File) await(done <-chan struct{}) {
	j.Mu.Unlock()
	defer j.Mu.Lock()
	<-done
}

// syncFile syncs what has been written so far.
func (j *File) syncFile() error {
	file, upTo, done := j.file, j.Written, make(chan struct{})
	j.syncing = done
	j.Mu.Unlock()
	err := j.Calls.Sync(file)
	j.Mu.Lock()
	j.syncing = nil
	close(done)
	if j.file != file { // it was written anew, and synced, meanwhile
		return nil
	}
	if err != nil {
		j.suspect = true
		return err
	}
	j.Synced = max(j.Synced, upTo)
	return nil
}

// Close closes the file, if there is one.
func (j *File) Close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
