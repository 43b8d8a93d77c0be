package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Watch closes c when ctx ends, which ends every read and write on c. The returned
// function stops the watch. It returns nil if Watch has not closed c, and then never
// will. Otherwise ctx ended first, c is closed or about to be, and the error is that
// of ctx. Watch sets no deadline of c before it closes it, so none is left behind.
func Watch(ctx context.Context, c io.Closer) (stop func() error) {
	off := context.AfterFunc(ctx, func() { cut(c) })
	return func() error {
		if off() {
			return nil
		}
		return ContextError(ctx)
	}
}

// cut closes c, whose reads and writes end.
func cut(c io.Closer) {
	if d, ok := c.(interface{ SetDeadline(time.Time) error }); ok {
		d.SetDeadline(time.Unix(1, 0)) // for a connection whose Close waits for reads to end
	}
	c.Close()
}

// Watched runs f, which uses c, and closes c when ctx ends, which ends f. An f that lost
// this race, even at its last instruction, has failed with the error of ctx: its own if
// that holds the error of ctx, since it says what f was waiting for. An f that has seen the
// end of ctx first fails with the cause of ctx as well.
func Watched(ctx context.Context, c io.Closer, f func() error) error {
	if ctx.Err() != nil {
		return ContextError(ctx)
	}
	off := context.AfterFunc(ctx, func() { cut(c) })
	err := f()
	switch stopped := off(); {
	case err != nil && err == ctx.Err(): // without the cause
	case stopped, errors.Is(err, ctx.Err()) && errors.Is(err, context.Cause(ctx)):
		return err
	}
	return ContextError(ctx)
}

// ContextError returns an error that wraps ctx.Err and the cause of ctx, and nil if
// ctx has not ended.
func ContextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || cause == err {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// UnderContext returns the error of a function that was given ctx. If ctx has ended, the
// error of ctx, as [ContextError] has it, comes before err.
func UnderContext(ctx context.Context, err error) error {
	switch ended := ContextError(ctx); {
	case err == nil || ended == nil:
		return err
	case err == ctx.Err():
		return ended
	default:
		return fmt.Errorf("%w: %w", ended, err)
	}
}

// OwnEnd reports whether err is of a connection or a session that this program gave up
// itself: it cancelled the context, or closed the connection. One that was closed because
// a deadline has passed is not, and what a NetDialer of the program's own says of its
// connections is no such error.
func OwnEnd(err error) bool {
	var other *Detour
	closed := errors.Is(err, net.ErrClosed) && !errors.Is(err, context.DeadlineExceeded)
	return (closed || errors.Is(err, context.Canceled)) && !errors.As(err, &other)
}

// WithTimeout returns a context that ends after limit, with a cause that names the
// limit.
func WithTimeout(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, tooLate(limit))
}

// tooLate is the cause of a context that ended after a limit.
type tooLate time.Duration

func (t tooLate) Error() string { return "not done within " + time.Duration(t).String() }
