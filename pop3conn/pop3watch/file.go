package pop3watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/mailconn/mailconn/internal/disk"
)

// File returns a [Seen] in a text file, for one mailbox. Each change is a line: the
// text of the note, a tab and the key. The text is empty if the note is removed. Lines
// are appended and synced. When too many lines no longer apply, a new file replaces the
// old one by a rename. So after a crash at any moment the file has every message that
// was noted; an incomplete last line is ignored.
//
// Load creates the file if it does not exist. If its content is of another kind, Load
// fails and does not change it. From Load to Release, or to the end of the process, the
// file is locked by another whose name has ".lock" appended.
func File(path string) Seen { return &file{path: path, sync: (*os.File).Sync} }

type file struct {
	path    string
	sync    func(*os.File) error
	f       *os.File
	release func()
	notes   map[string]Note
	lines   int  // number of lines in the file
	torn    bool // the last line may be incomplete
}

// slack is how many lines that no longer apply a file may have, besides as many as do.
const slack = 1000

var errNotLoaded = errors.New("pop3watch: the file of notes is not loaded")

func (s *file) Load(ctx context.Context) (map[string]Note, error) {
	if s.release != nil {
		return nil, errors.New("pop3watch: the file of notes is in use in this program: give each watch a File of its own")
	}
	release, err := disk.Lock(ctx, s.path+".lock")
	if err != nil {
		return nil, fmt.Errorf("pop3watch: %w", err)
	}
	if err := s.open(); err != nil {
		s.close()
		release()
		return nil, fmt.Errorf("pop3watch: %w", err)
	}
	s.release = release
	return s.notes, nil
}

// open reads the file, and opens it for appending.
func (s *file) open() error {
	text, err := os.ReadFile(s.path)
	missing := errors.Is(err, os.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	s.notes, s.lines, s.torn = make(map[string]Note), 0, false
	if err := s.parse(text); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	if missing || s.torn || s.lines > 2*len(s.notes)+slack {
		return s.rewrite(s.notes)
	}
	return s.reopen()
}

// parse reads the lines. The last one is torn if it has no end.
func (s *file) parse(text []byte) error {
	for len(text) > 0 {
		line, rest, ended := bytes.Cut(text, []byte("\n"))
		if !ended {
			s.torn = true
			return nil
		}
		text = rest
		s.lines++
		note, key, _ := bytes.Cut(line, []byte("\t"))
		var n Note
		if err := n.UnmarshalText(note); err != nil || len(key) == 0 {
			return fmt.Errorf("line %d is not a note and a key: the file is damaged, of another kind, or of a later version of this package; without it all messages are new", s.lines)
		}
		apply(s.notes, map[string]Note{string(key): n})
	}
	return nil
}

func (s *file) Save(ctx context.Context, changes map[string]Note) error {
	switch {
	case s.release == nil:
		return errNotLoaded
	case len(changes) == 0:
		return nil
	case s.torn || s.lines+len(changes) > 2*len(s.notes)+slack:
		changed := maps.Clone(s.notes)
		apply(changed, changes)
		if err := s.rewrite(changed); err != nil {
			return fmt.Errorf("pop3watch: %w", err)
		}
	default:
		if err := s.append(changes); err != nil {
			return fmt.Errorf("pop3watch: %w", err)
		}
	}
	apply(s.notes, changes)
	return nil
}

// append adds lines, and syncs them if there is a note among them.
func (s *file) append(changes map[string]Note) error {
	s.torn = true
	if _, err := s.f.Write(lines(changes)); err != nil {
		return err
	}
	for _, n := range changes {
		if n != (Note{}) {
			if err := s.sync(s.f); err != nil {
				return err
			}
			break
		}
	}
	s.torn = false
	s.lines += len(changes)
	return nil
}

// lines returns the lines of notes, in the order of their keys.
func lines(notes map[string]Note) []byte {
	var b bytes.Buffer
	for _, key := range slices.Sorted(maps.Keys(notes)) {
		text, _ := notes[key].MarshalText()
		b.Write(text)
		b.WriteString("\t" + key + "\n")
	}
	return b.Bytes()
}

// rewrite puts a file with these notes in the place of the one that is there.
func (s *file) rewrite(notes map[string]Note) error {
	s.close()
	s.torn = true // until it is open again
	if err := disk.Replace(s.path, lines(notes), s.sync); err != nil {
		return err
	}
	s.lines, s.torn = len(notes), false
	return s.reopen()
}

func (s *file) reopen() (err error) {
	s.f, err = os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND, 0o600)
	return err
}

func (s *file) close() {
	if s.f != nil {
		s.f.Close()
		s.f = nil
	}
}

func (s *file) Release() error {
	if s.release == nil {
		return errNotLoaded
	}
	s.close()
	s.release()
	s.release = nil
	return nil
}
