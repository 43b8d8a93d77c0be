package filestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// errLocked is returned by tryLock if another Store has the lock.
var errLocked = errors.New("locked by another")

// The pause between two attempts to take the lock, at first and at most.
const (
	firstWait = time.Millisecond
	lastWait  = 32 * time.Millisecond
)

// lock takes the lock of the writers, and waits for it until ctx ends. It tries again
// and again, because the system's own wait cannot be interrupted. The lock is released
// by release or when the process ends. The lock file is not removed, since another
// writer may be waiting for its lock.
func lock(ctx context.Context, path string) (release func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	wait := time.NewTicker(firstWait)
	defer wait.Stop()
	for next := firstWait; ; next = min(2*next, lastWait) {
		err := tryLock(f)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if err != errLocked {
			f.Close()
			return nil, fmt.Errorf("filestore: %w", &os.PathError{Op: "lock", Path: path, Err: err})
		}
		wait.Reset(next)
		select {
		case <-wait.C:
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("filestore: %s is locked by another: %w", path, wire.ContextError(ctx))
		}
	}
}
