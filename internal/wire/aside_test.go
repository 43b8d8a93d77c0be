package wire_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
)

// Await waits for a function that ignores its context no longer than the context, and
// adds the cause of the context to its error.
func TestAwait(t *testing.T) {
	if v, err := wire.Await(t.Context(), func() (int, error) { return 7, io.EOF }); v != 7 || err != io.EOF {
		t.Errorf("got %v, %v", v, err)
	}
	why := errors.New("why")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
		defer cancel()
		end := make(chan struct{})
		defer close(end)
		start := time.Now()
		_, err := wire.Await(ctx, func() (int, error) { <-end; return 0, nil })
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, why) || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
	if _, err := wire.Await(t.Context(), func() (int, error) { return 0, wire.ErrLeft }); err != wire.ErrLeft {
		t.Errorf("function that has left its own behind: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := wire.Await(ctx, func() (int, error) { cancel(why); return 0, ctx.Err() })
	if !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Errorf("function that returns the error of its context: %v", err)
	}
	_, err = wire.Await(ctx, func() (int, error) { t.Error("called after the end of its context"); return 0, nil })
	if !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Errorf("context that has ended before: %v", err)
	}
}

// A panic of a function is its caller's, and a function that ends its goroutine has
// failed.
func TestAwaitPanics(t *testing.T) {
	func() {
		defer func() {
			if got := recover(); got != "mine" {
				t.Errorf("recovered %v", got)
			}
		}()
		wire.Await(t.Context(), func() (int, error) { panic("mine") })
	}()
	if _, err := wire.Await(t.Context(), func() (int, error) { runtime.Goexit(); return 0, nil }); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
}
