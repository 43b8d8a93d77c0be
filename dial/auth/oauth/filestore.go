package oauth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mailconn/mailconn/internal/disk"
)

var (
	// ErrExposed means that other users can read or write a file of tokens or write to its
	// directory, or that one of them owns either. The tokens are not used, as another user
	// may know them, or have put others in their place. Remove the file, and sign in again.
	ErrExposed = errors.New("other users have access, want permissions 0600 for a file and 0700 for its directory")
	// ErrDamaged means that a file of tokens is not what a FileStore has written. It is
	// not used, and signing in again replaces it.
	ErrDamaged = errors.New("the file is damaged")
)

// maxFile is the limit of a file, in bytes: that of an answer and what is around it.
const maxFile = 2 * maxAnswer

// FileStore is a [Store] in a directory: a file for each account, with permissions 0600.
//
// A file is replaced as a whole, and synced before Update returns. If the program is
// killed or the power fails, each file has its last value, or the one that was being
// written if that is complete. Programs on one host may share the directory: a lock file
// beside each file, which is never removed, admits one Update at a time. On a file
// system that several hosts share that is not guaranteed.
//
// The tokens are not encrypted. On Windows the access rules of the directory protect them.
type FileStore struct {
	dir  string
	disk fileCalls
}

// fileCalls are the system calls that tests replace.
type fileCalls struct {
	write   func(*os.File, []byte) (int, error)
	sync    func(*os.File) error
	rename  func(from, to string) error
	syncDir func(string) error
}

var _ Store = (*FileStore)(nil)

// NewFileStore returns a store in a directory, which it creates with permissions 0700 if
// it does not exist. One that other users own or can write to is [ErrExposed], wrapped.
func NewFileStore(dir string) (*FileStore, error) {
	if dir == "" { // not the one that the program happens to run in
		return nil, errors.New("oauth: no directory")
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	var info fs.FileInfo
	if err == nil {
		info, err = os.Stat(dir)
	}
	if err == nil && (disk.Exposed(info) && info.Mode().Perm()&0o022 != 0 || disk.Foreign(info)) {
		err = &fs.PathError{Op: "open", Path: dir, Err: ErrExposed}
	}
	if err != nil {
		return nil, fmt.Errorf("oauth: %w", err)
	}
	return &FileStore{dir, fileCalls{(*os.File).Write, (*os.File).Sync, os.Rename, disk.SyncDir}}, nil
}

// path returns the file of an account. Names of accounts may differ in nothing but case,
// which some file systems ignore.
func (s *FileStore) path(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(s.dir, hex.EncodeToString(sum[:16])+".json")
}

// Load returns the value of key, and nil if there is none. The error is [ErrExposed],
// [ErrDamaged] or one of the system, wrapped.
func (s *FileStore) Load(_ context.Context, key string) ([]byte, error) {
	value, err := readValue(s.path(key), key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return value, err
}

// Update replaces the value of key by what change returns for it. A file that is damaged,
// or that other users have access to, is nil for change.
func (s *FileStore) Update(ctx context.Context, key string, change func(old []byte) ([]byte, error)) error {
	path := s.path(key)
	unlock, err := disk.Lock(ctx, path+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	// A program that was killed may have left a new file, with the only refresh token
	// that the issuer still accepts.
	_, err = readValue(path+".new", key)
	if err == nil {
		err = s.install(path)
	}
	if err != nil && !unusable(err) {
		return err
	}
	old, err := readValue(path, key)
	if err != nil && !unusable(err) {
		return err
	}
	value, err := change(old)
	if err != nil {
		return err
	}
	return s.replace(path, key, old, value)
}

// unusable reports whether an error of readValue means that there is no value.
func unusable(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrDamaged) || errors.Is(err, ErrExposed)
}

func (s *FileStore) replace(path, key string, old, value []byte) error {
	switch {
	case value == nil:
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	case !bytes.Equal(value, old):
		if err := s.write(path+".new", key, value); err != nil {
			return err
		}
		return s.install(path)
	}
	return s.disk.syncDir(s.dir) // also for an earlier Update that could not
}

// fileHead is the first line of a file. The value follows.
type fileHead struct {
	Format  string `json:"format"`
	Account string `json:"account"`
	Sum     string `json:"sum"` // SHA-256 of the value
}

const fileFormat = "mailconn tokens 1"

// readValue reads a file. A FileStore writes no symbolic links, and opening a pipe would
// block.
func readValue(path, key string) ([]byte, error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrDamaged}
	case disk.Exposed(info), disk.Foreign(info):
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrExposed}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	first, value, _ := bytes.Cut(text, []byte("\n"))
	var head fileHead
	if json.Unmarshal(first, &head) != nil || head != (fileHead{fileFormat, key, checksum(value)}) {
		return nil, &fs.PathError{Op: "read", Path: path, Err: ErrDamaged}
	}
	return value, nil
}

func checksum(value []byte) string {
	sum := sha256.Sum256(value)
	return hex.EncodeToString(sum[:])
}

// write writes a new file.
func (s *FileStore) write(path, key string, value []byte) error {
	// One that a program left which was killed may have other permissions.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	head, err := json.Marshal(fileHead{fileFormat, key, checksum(value)})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = s.disk.write(f, append(append(head, '\n'), value...))
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}

// install syncs a new file and puts it in the place of the old one. If it cannot be put
// there, the next Update does.
func (s *FileStore) install(path string) error {
	fresh := path + ".new"
	f, err := os.OpenFile(fresh, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(s.disk.sync(f), f.Close()); err != nil {
		os.Remove(fresh) // a later sync could succeed without the data being on disk
		return err
	}
	if err := s.disk.rename(fresh, path); err != nil {
		return err
	}
	return s.disk.syncDir(s.dir)
}
