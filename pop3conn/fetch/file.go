package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// File is a Seen in a text file: a line for each message, with the time at
// which it was stored, a blank, and its key. A new line is appended and synced;
// the file is rewritten beside itself and renamed when lines are to go. So a
// crash at any moment leaves a file that has every message that was noted; the
// beginning of a line that was not finished is ignored.
//
// A file is for one mailbox, and for one process at a time.
type File struct {
	name string
	at   map[string]time.Time
	f    *os.File
	torn bool // a line may have been begun and not finished
}

var _ Seen = (*File)(nil)

// OpenFile opens the file of that name, or creates it. A file that is something
// else is an error, and left as it is.
func OpenFile(name string) (*File, error) {
	s := &File{name: name, at: make(map[string]time.Time)}
	text, err := os.ReadFile(name)
	missing := errors.Is(err, os.ErrNotExist)
	if err != nil && !missing {
		return nil, err
	}
	torn, err := s.parse(text)
	if err != nil {
		return nil, fmt.Errorf("fetch: %s: %w", name, err)
	}
	if missing || torn {
		return s, s.rewrite()
	}
	return s, s.open()
}

// parse reads the lines. The last one is torn if it has no end.
func (s *File) parse(text []byte) (torn bool, err error) {
	for n := 1; len(text) > 0; n++ {
		line, rest, ended := bytes.Cut(text, []byte("\n"))
		if !ended {
			return true, nil
		}
		text = rest
		at, key, _ := strings.Cut(string(line), " ")
		when, err := time.Parse(time.RFC3339, at)
		if err != nil || key == "" {
			return false, fmt.Errorf("line %d is not a time and a key", n)
		}
		s.at[key] = when
	}
	return false, nil
}

// Stored reports whether and when a message was stored.
func (s *File) Stored(key string) (time.Time, bool) {
	at, ok := s.at[key]
	return at, ok
}

// Store appends a line and syncs it.
func (s *File) Store(key string, at time.Time) error {
	if s.torn {
		if err := s.rewrite(); err != nil {
			return err
		}
	}
	s.torn = true
	if _, err := s.f.WriteString(line(key, at)); err != nil {
		return err
	}
	if err := s.f.Sync(); err != nil {
		return err
	}
	s.torn = false
	s.at[key] = at
	return nil
}

func line(key string, at time.Time) string {
	return at.UTC().Format(time.RFC3339) + " " + key + "\n"
}

// Keep forgets the keys for which keep returns false. If there is none the file
// is left alone.
func (s *File) Keep(keep func(key string) bool) error {
	before := len(s.at)
	for key := range s.at {
		if !keep(key) {
			delete(s.at, key)
		}
	}
	if len(s.at) == before {
		return nil
	}
	return s.rewrite()
}

// Close closes the file. Nothing is lost without it.
func (s *File) Close() error { return s.f.Close() }

func (s *File) open() error {
	if s.f != nil {
		s.f.Close()
	}
	var err error
	s.f, err = os.OpenFile(s.name, os.O_WRONLY|os.O_APPEND, 0o600)
	return err
}

// rewrite replaces the file by one with what is known.
func (s *File) rewrite() error {
	keys := make([]string, 0, len(s.at))
	for key := range s.at {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var text bytes.Buffer
	for _, key := range keys {
		text.WriteString(line(key, s.at[key]))
	}
	if err := replace(s.name, text.Bytes()); err != nil {
		return err
	}
	s.torn = false
	return s.open()
}

// replace puts a file in another's place at once: after a crash there is the
// one or the other.
func replace(name string, text []byte) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails where the file was renamed
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a new name last. Windows cannot sync a directory.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err = d.Sync(); runtime.GOOS == "windows" {
		err = nil
	}
	return errors.Join(err, d.Close())
}
