// Package disk has what the stores that keep files share: a lock between programs,
// and what differs between systems.
package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// The pause between two attempts to take the lock, at first and at most.
const (
	firstWait = time.Millisecond
	lastWait  = 32 * time.Millisecond
)

// Lock takes the lock of a lock file, which it creates if it does not exist, and waits
// for it until ctx ends. It excludes other goroutines as well as other programs. It
// polls, because the system's own wait cannot be interrupted. The lock is released by
// release or when the process ends. The lock file must not be removed, since another
// program may be waiting for its lock.
func Lock(ctx context.Context, path string) (release func(), err error) {
	if ctx == nil {
		return nil, errors.New("nil context")
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	wait := time.NewTicker(firstWait)
	defer wait.Stop()
	for next := firstWait; ; next = min(2*next, lastWait) {
		locked, err := tryLock(f)
		switch {
		case locked:
			return func() { f.Close() }, nil
		case err != nil:
			f.Close()
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
		wait.Reset(next)
		select {
		case <-wait.C:
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("%s is locked by another: %w", path, wire.ContextError(ctx))
		}
	}
}
