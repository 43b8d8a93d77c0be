package wire

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Watch closes c when ctx ends, which ends every read and write on it. The
// returned stop ends the watch. It returns nil if the watch never acted, and
// then never will; otherwise ctx ended first, c is or is being closed, and the
// error is that of ctx. Before that no deadline is touched, so none can be left
// behind.
func Watch(ctx context.Context, c io.Closer) (stop func() error) {
	off := context.AfterFunc(ctx, func() {
		if d, ok := c.(interface{ SetDeadline(time.Time) error }); ok {
			d.SetDeadline(time.Unix(1, 0)) // for those whose Close waits for reads to end
		}
		c.Close()
	})
	return func() error {
		if off() {
			return nil
		}
		return ContextError(ctx)
	}
}

// ContextError returns an error that holds ctx's error and its cause.
func ContextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || cause == err {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// WithTimeout returns a context that ends after limit, and whose cause says so.
func WithTimeout(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, tooLate(limit))
}

// tooLate is the cause of the end of a time that was allowed.
type tooLate time.Duration

func (t tooLate) Error() string { return "not done within " + time.Duration(t).String() }
