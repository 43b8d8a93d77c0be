package filestore

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/mailconn/mailconn/internal/disk"
)

// format is the format and its version, in the first line. A Store refuses a file of
// another version.
const format = "mailconn peers 1"

// parseHead parses the first line, without its newline, and returns the view that has
// read it.
func parseHead(line []byte) (*view, error) {
	const first = `{"format":"`
	if !bytes.HasPrefix(line, []byte(first)) {
		return nil, errors.New("not a file of remembered servers")
	}
	f, err := unseal(line)
	if err != nil {
		return nil, err
	}
	if got := f.next("format"); string(got) != format {
		return nil, fmt.Errorf("format %.40q, want %q: it may be of a later version", got, format)
	}
	v := newView(string(f.next("generation")))
	v.lines, v.size = 1, int64(len(line)+1)
	n, err := strconv.Atoi(string(f.next("records")))
	v.declared = n
	if v.generation == "" {
		err = errors.New("no generation")
	}
	return v, errors.Join(f.done(), err)
}

// refresh reads what was added to the file, or all of it if it was written anew. The
// error of a corrupt file is kept until the file changes. The caller holds the lock io.
func (s *Store) refresh() (*view, error) {
	f, info, err := open(s.path)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	defer f.Close()
	v, err := s.read(f, info)
	var bad *corrupt
	if errors.As(err, &bad) {
		err = &CorruptError{s.path, bad.line, bad.error}
	} else if err != nil {
		err, info = fmt.Errorf("filestore: %w", err), nil
	}
	v.wasRead(info, err)
	s.view.Store(v)
	return v, err
}

// open opens the file for reading, if it is regular and not exposed.
func open(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = check(path, info) // before open, which blocks on a pipe
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = check(path, info)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func check(path string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	case disk.Exposed(info):
		return &fs.PathError{Op: "open", Path: path, Err: ErrExposed}
	}
	return nil
}

// corrupt is the error for a line that cannot be parsed.
type corrupt struct {
	line int
	error
}

// read returns a view of the file. If the generation is the one that was read before,
// it reads only what was added. The view is never nil.
func (s *Store) read(f *os.File, info fs.FileInfo) (*view, error) {
	r := bufio.NewReaderSize(io.NewSectionReader(f, 0, info.Size()), 4*maxLine)
	line, err := r.ReadSlice('\n')
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return newView(""), err
	}
	v, err := parseHead(bytes.TrimSuffix(line, []byte{'\n'}))
	if err == nil && !bytes.HasSuffix(line, []byte{'\n'}) {
		err = errors.New("no newline")
	}
	if err != nil {
		return newView(""), &corrupt{1, err}
	}
	if old := s.view.Load(); old != nil && old.generation == v.generation {
		if v = old; info.Size() < v.size {
			return v, &corrupt{v.lines, errors.New("the file ends before this line, and did not before")}
		}
		r.Reset(io.NewSectionReader(f, v.size, info.Size()-v.size))
	}
	return v, v.read(r)
}

// read reads the lines of r into the view.
func (v *view) read(r *bufio.Reader) error {
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case err == bufio.ErrBufferFull, len(line) > maxLine:
			return &corrupt{v.lines + 1, fmt.Errorf("longer than %d bytes", maxLine)}
		case err == io.EOF:
			return v.end(line)
		case err != nil:
			return err
		}
		e, err := parse(line[:len(line)-1])
		if err != nil {
			return &corrupt{v.lines + 1, err}
		}
		v.set(e, len(line))
	}
}

// end checks what follows the last newline. The beginning of a line is left by a writer
// that was stopped. A whole line with another byte in the place of its newline is
// damaged.
func (v *view) end(rest []byte) error {
	if i := bytes.Index(rest, []byte(sealing[:8])); i >= 0 && len(rest) > i+sealLen {
		if _, err := unseal(rest[:i+sealLen]); err == nil {
			return &corrupt{v.lines + 1, errors.New("no newline at the end of the record")}
		}
	}
	if have := v.lines - 1; have < v.declared {
		return &corrupt{v.lines + 1, fmt.Errorf("the file ends here, with %d of the %d records that its first line declares", have, v.declared)}
	}
	return nil
}
