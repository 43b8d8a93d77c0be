package journal

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Rewrite replaces the journal by a new one with what is known. After an error the old
// one may still be in place.
func (j *File) Rewrite() error {
	temp := j.Path + ".new"
	next, size, lines, err := j.writeNew(temp)
	if err == nil {
		if err = os.Rename(temp, j.Path); err != nil {
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
	j.file, j.size, j.Lines, j.Pending = next, size, lines, nil
	j.suspect = true // after a power failure the old one may be back
	if err := j.Calls.SyncDir(filepath.Dir(j.Path)); err != nil {
		return err
	}
	j.suspect, j.Synced = false, j.Written
	return nil
}

// writeNew writes a new journal and syncs it.
func (j *File) writeNew(path string) (f *os.File, size int64, lines int, err error) {
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
		n, err := j.Calls.Write(f, b, size)
		size += int64(n)
		return n, err
	}), 64<<10)
	lines, err = j.writeAll(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = j.Calls.Sync(f)
	}
	return f, size, lines, err
}

// writeAll writes the lines of a new journal, and returns how many they are.
func (j *File) writeAll(out io.Writer) (lines int, err error) {
	put := func(e *Entry) error {
		lines++
		line, err := e.Line(lines)
		if err == nil {
			_, err = out.Write(line)
		}
		return err
	}
	if err = put(&Entry{Format: Format}); err == nil {
		err = j.Snapshot(put)
	}
	return lines, err
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// Adopt goes on with the journal that is there, behind its last line.
func (j *File) Adopt(size int64, lines int) error {
	f, err := os.OpenFile(j.Path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	j.file, j.size, j.Lines, j.suspect = f, size, lines, false
	if err := f.Truncate(size); err != nil {
		return err
	}
	return j.Calls.Sync(f)
}
