package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// maildir is a directory with messages in new and cur; what is in tmp is not
// yet one (https://cr.yp.to/proto/maildir.html).
type maildir struct {
	dir   string
	names map[string]bool // of the messages that were there, without flags
}

// openMaildir creates what is missing, and clears away what runs that were
// killed have left.
func openMaildir(dir string) (*maildir, error) {
	m := &maildir{dir, make(map[string]bool)}
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	for _, sub := range []string{"new", "cur"} {
		if err := m.read(sub); err != nil {
			return nil, err
		}
	}
	return m, m.sweep()
}

// read takes note of the messages: mail programs move them to cur and put
// flags behind a colon.
func (m *maildir) read(sub string) error {
	entries, err := os.ReadDir(filepath.Join(m.dir, sub))
	for _, e := range entries {
		name, _, _ := strings.Cut(e.Name(), ":")
		m.names[name] = true
	}
	return err
}

const suffix = ".popfetch"

// sweep removes our files from tmp that have not changed for 36 hours, as
// Maildir has it: younger ones may be another process's.
func (m *maildir) sweep() error {
	tmp := filepath.Join(m.dir, "tmp")
	entries, err := os.ReadDir(tmp)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.Contains(e.Name(), suffix) && time.Since(info.ModTime()) > 36*time.Hour {
			os.Remove(filepath.Join(tmp, e.Name()))
		}
	}
	return err
}

// fileName is the name of a message's file: the same in every run, and another
// for each message of each account.
func fileName(account, key string) string {
	sum := sha256.Sum256([]byte(account + "\n" + key))
	return hex.EncodeToString(sum[:16]) + suffix
}

// save writes a message, and returns its length. It is in new when save
// returns, whole and on the disk. One that is there already, because a run was
// killed before it could take note, is left as it is; another message that the
// server gave the same identifier gets a name of its own.
func (m *maildir) save(name string, message io.Reader) (int64, error) {
	f, err := os.CreateTemp(filepath.Join(m.dir, "tmp"), name+".*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, hash), message)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return n, err
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	if m.names[name] {
		if m.has(name, sum) {
			return n, nil
		}
		name = strings.TrimSuffix(name, suffix) + "-" + sum[:16] + suffix
	}
	if m.names[name] {
		return n, nil // its name holds the content
	}
	return n, m.publish(f.Name(), name)
}

// has reports whether the message of that name has the content. One that its
// reader has moved elsewhere counts as another.
func (m *maildir) has(name, sum string) bool {
	for _, sub := range []string{"new", "cur"} {
		files, _ := filepath.Glob(filepath.Join(m.dir, sub, name+"*"))
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil && sum == contentSum(text) {
				return true
			}
		}
	}
	return false
}

func contentSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// publish makes the file a message, unless another process was first. A link
// cannot replace a message, as a rename could.
func (m *maildir) publish(tmp, name string) error {
	target := filepath.Join(m.dir, "new", name)
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
	m.names[name] = true
	return syncDir(filepath.Dir(target))
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
