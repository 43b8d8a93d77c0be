package imapwatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/mailconn/mailconn/internal/disk"
)

// Positions keeps note of how far a program is in its mailboxes. [File] is one; a program
// with a database has its own. It is used by one goroutine at a time.
type Positions interface {
	// Load waits until no other process uses the positions, and returns them by the names
	// of the mailboxes. The map is the caller's.
	Load(ctx context.Context) (map[string]Position, error)

	// Save replaces the position of a mailbox. When it returns nil, the position must
	// survive a crash. A program that stores the position with its data, in Handle, may
	// return nil at once. ctx does not end with that of Run, as Save must come to its
	// end: it ends after 30 seconds.
	Save(ctx context.Context, mailbox string, p Position) error

	// Release lets other processes use the positions.
	Release() error
}

// File returns [Positions] in a text file, which has a line for each mailbox: its name as
// a Go string, a tab and the position. Each Save writes the file anew beside itself, syncs it
// and renames it, so that a crash at any moment leaves the old file or the new one.
//
// Load creates the file if it is not there. A file that is something else is an error, and
// left as it is. The file is locked, with another whose name ends in ".lock", from Load to
// Release or to the end of the process. A file belongs to one account, as it has names of
// mailboxes and none of a server.
func File(path string) Positions { return &file{path: path, sync: (*os.File).Sync} }

type file struct {
	path      string
	sync      func(*os.File) error
	release   func()
	positions map[string]Position
}

var errNotLoaded = errors.New("imapwatch: the file of positions is not loaded")

func (s *file) Load(ctx context.Context) (map[string]Position, error) {
	if s.release != nil {
		return nil, errors.New("imapwatch: the file of positions is in use in this program: give each watch a File of its own")
	}
	release, err := disk.Lock(ctx, s.path+".lock")
	if err != nil {
		return nil, fmt.Errorf("imapwatch: %w", err)
	}
	text, err := os.ReadFile(s.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		s.positions, err = map[string]Position{}, disk.Replace(s.path, nil, s.sync)
	case err == nil:
		s.positions, err = parseFile(text)
	}
	if err != nil {
		release()
		return nil, fmt.Errorf("imapwatch: %s: %w", s.path, err)
	}
	s.release = release
	return maps.Clone(s.positions), nil
}

// parseFile reads the lines of a file.
func parseFile(text []byte) (map[string]Position, error) {
	positions, n := map[string]Position{}, 0
	for line := range bytes.Lines(text) {
		n++
		quoted, rest, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("\t"))
		name, err := strconv.Unquote(string(quoted))
		var p Position
		if err = errors.Join(err, p.UnmarshalText(rest)); err != nil || p.IsZero() {
			return nil, fmt.Errorf("line %d is not a name and a position", n)
		}
		positions[name] = p
	}
	return positions, nil
}

func (s *file) Save(_ context.Context, mailbox string, p Position) error {
	if s.release == nil {
		return errNotLoaded
	}
	changed := maps.Clone(s.positions)
	changed[mailbox] = p
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		text, _ := changed[name].MarshalText()
		fmt.Fprintf(&b, "%q\t%s\n", name, text)
	}
	if err := disk.Replace(s.path, b.Bytes(), s.sync); err != nil {
		return fmt.Errorf("imapwatch: %w", err)
	}
	s.positions = changed
	return nil
}

func (s *file) Release() error {
	if s.release == nil {
		return errNotLoaded
	}
	s.release()
	s.release = nil
	return nil
}
