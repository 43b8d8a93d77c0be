package oauth

import (
	"context"
	"net"
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

// OnListen replaces a system call.
func (a *Account) OnListen(f func(ctx context.Context, network, address string) (net.Listener, error)) {
	a.listen = f
}

// Loopback is what waits for the browser.
type Loopback = loopback

// Listen waits for the browser with a state, as Browser does, and takes no answer.
func Listen(ctx context.Context, state string) (*Loopback, error) {
	return newLoopback(ctx, new(net.ListenConfig).Listen, "", state)
}

// URL returns the redirect URI.
func (l *Loopback) URL() string { return l.url }

// Answered returns how many answers wait to be taken.
func (l *Loopback) Answered() int { return len(l.answer) }

// Close ends the server.
func (l *Loopback) Close() { l.close() }
