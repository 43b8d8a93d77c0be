package disk_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/internal/disk"
)

// One at a time has the lock, also within a process. The wait for it ends with the
// context, and soon after it is released.
func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	synctest.Test(t, func(t *testing.T) {
		release, err := disk.Lock(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		if _, err := disk.Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Minute {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		time.AfterFunc(time.Hour, release)
		begin = time.Now()
		again, err := disk.Lock(t.Context(), path)
		if took := time.Since(begin); err != nil || took < time.Hour || took > time.Hour+time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		again()
	})
	var none context.Context
	if _, err := disk.Lock(none, path); err == nil {
		t.Error("without a context")
	}
	if _, err := disk.Lock(t.Context(), filepath.Join(path, "none")); err == nil {
		t.Error("a file in no directory")
	}
}
