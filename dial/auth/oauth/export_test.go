package oauth

import (
	"context"
	"os"
	"time"
)

// GrantValue returns what a Store has for a grant.
func GrantValue(access, refresh string, issued, expires time.Time) []byte {
	g := grant{Format: grantFormat, Access: access, Refresh: refresh, Issued: issued, Expires: expires}
	value, err := g.encode()
	if err != nil {
		panic(err)
	}
	return value
}

// Key returns the key of an account in the store.
func (a *Account) Key() string { return a.key }

// Path returns the file of an account.
func (s *FileStore) Path(key string) string { return s.path(key) }

// OnWrite, OnSync, OnRename and OnSyncDir replace system calls.
func (s *FileStore) OnWrite(f func(*os.File, []byte) (int, error)) { s.disk.write = f }
func (s *FileStore) OnSync(f func(*os.File) error)                 { s.disk.sync = f }
func (s *FileStore) OnRename(f func(from, to string) error)        { s.disk.rename = f }
func (s *FileStore) OnSyncDir(f func(string) error)                { s.disk.syncDir = f }

// Listen waits for the browser with a state, as Browser does, and takes no answer.
func Listen(ctx context.Context, state string) (url string, stop func(), err error) {
	l, err := listen(ctx, "", state)
	if err != nil {
		return "", nil, err
	}
	return l.url, l.close, nil
}
