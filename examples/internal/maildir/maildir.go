// Package maildir saves messages to a Maildir in such a way that a program may be killed at
// any point: a message is there as a whole, and on the disk, or it is not there.
package maildir

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Dir is a directory with messages in new and cur; what is in tmp is not yet one
// (https://cr.yp.to/proto/maildir.html).
type Dir struct {
	Path string
	// Names are the names of the messages that are there, without their flags.
	Names map[string]bool
	// Suffix is part of the name of every file that the program makes.
	Suffix string
}

// Open creates what is missing, and clears away what runs that were killed have left. A
// process opens a Maildir once, before it makes files.
func Open(path, suffix string) (*Dir, error) {
	d := &Dir{Path: path, Names: make(map[string]bool), Suffix: suffix}
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(path, sub), 0o700); err != nil {
			return nil, err
		}
	}
	for _, sub := range []string{"new", "cur"} {
		if err := d.read(sub); err != nil {
			return nil, err
		}
	}
	return d, d.sweep()
}

// read takes note of the messages: mail programs move them to cur and put flags behind a
// colon.
func (d *Dir) read(sub string) error {
	entries, err := os.ReadDir(filepath.Join(d.Path, sub))
	for _, e := range entries {
		name, _, _ := strings.Cut(e.Name(), ":")
		d.Names[name] = true
	}
	return err
}

// Write writes a message to a file in tmp, and returns its length. When the file is whole and
// on the disk, Write calls finish with its path, which may [Dir.Publish] it, and removes it. The
// name ends in the suffix.
func (d *Dir) Write(name string, message io.Reader, finish func(tmp string) error) (int64, error) {
	f, err := d.create(name)
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	n, err := io.Copy(f, message)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return n, err
	}
	return n, finish(f.Name())
}

func (d *Dir) create(name string) (*os.File, error) {
	return os.CreateTemp(filepath.Join(d.Path, "tmp"), name+owner()+".*")
}

// Publish makes a file in tmp a message in new, or in cur if it has flags, unless another
// process was first. A link cannot replace a message, as a rename could.
func (d *Dir) Publish(tmp, name, flags string) error {
	sub, file := "new", name
	if flags != "" {
		sub, file = "cur", name+":2,"+flags
	}
	target := filepath.Join(d.Path, sub, file)
	err := os.Link(tmp, target)
	switch {
	case errors.Is(err, os.ErrExist):
		err = nil
	case err != nil: // a file system without links
		err = os.Rename(tmp, target)
	}
	if err != nil {
		return err
	}
	d.Names[name] = true
	return syncDir(filepath.Dir(target))
}

// syncDir makes a new name last. Windows cannot sync a directory.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err = f.Sync(); runtime.GOOS == "windows" {
		err = nil
	}
	return errors.Join(err, f.Close())
}
