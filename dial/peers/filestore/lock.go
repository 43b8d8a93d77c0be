package filestore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// errLocked is tryLock's answer if another has the lock.
var errLocked = errors.New("locked by another")

// How long to wait before the next look at a lock that another has.
const (
	firstWait = time.Millisecond
	lastWait  = 32 * time.Millisecond
)

// lock takes the lock that writers share, and waits for it no longer than for
// ctx: the system's own way of waiting could not be ended. It ends with the
// process if release is not called. The file is left behind: somebody who
// removed it would do so while another waits for it.
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
