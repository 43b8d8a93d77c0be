package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Budget is the time of a call: its context ends with the caller's, and after a limit if
// there is one.
type Budget struct {
	context.Context
	caller  context.Context
	limited bool // the context has a deadline of its own
}

// NewBudget returns the budget of a call whose caller has given it ctx. A limit that is zero
// or less, or that ends after ctx does, is none. The returned function releases what the
// budget holds.
func NewBudget(ctx context.Context, limit time.Duration) (Budget, context.CancelFunc) {
	if by, ok := ctx.Deadline(); limit <= 0 || ok && time.Until(by) <= limit {
		return Budget{Context: ctx, caller: ctx}, func() {}
	}
	limited, cancel := WithTimeout(ctx, limit)
	return Budget{limited, ctx, true}, cancel
}

// Watched runs f, which uses c, and closes c when the budget ends, which ends f. It sets no
// deadline of c before it closes it, so none is left behind. An f that lost this race, even at
// its last instruction, has failed with the error of the context: its own if that holds the
// error of the context, since it says what f was waiting for. An f that has seen the end first
// fails with the cause of the context as well.
func (b Budget) Watched(c io.Closer, f func() error) error {
	if b.Err() != nil {
		return ContextError(b.Context)
	}
	switch kept, err := b.watch(c, f); {
	case err != nil && err == b.Err(): // without the cause
		return ContextError(b.Context)
	case kept, errors.Is(err, b.Err()) && errors.Is(err, context.Cause(b.Context)):
		return err
	}
	return ContextError(b.Context)
}

// watch runs f, and reports whether c was kept: it was not closed, and never will be. If it
// was closed, the context has ended by then. The limit has a timer here: a child of the context
// in its place would cost a channel and a map.
func (b Budget) watch(c io.Closer, f func() error) (kept bool, err error) {
	ctx := b.Context
	end := func() {
		<-ctx.Done() // whose own timer may be a moment later
		cut(c)
	}
	var limit *time.Timer
	if b.limited {
		by, _ := ctx.Deadline()
		limit = time.AfterFunc(time.Until(by), end)
	}
	stop := func() bool { return true }
	if b.caller.Done() != nil {
		stop = context.AfterFunc(b.caller, end)
	}
	err = f()
	kept = stop()
	if limit != nil && !limit.Stop() {
		kept = false
	}
	if !kept {
		<-ctx.Done()
	}
	return kept, err
}

// Watched is that of a Budget without a limit.
func Watched(ctx context.Context, c io.Closer, f func() error) error {
	return Budget{Context: ctx, caller: ctx}.Watched(c, f)
}

// cut closes c, whose reads and writes end.
func cut(c io.Closer) {
	if d, ok := c.(interface{ SetDeadline(time.Time) error }); ok {
		d.SetDeadline(time.Unix(1, 0)) // for a connection whose Close waits for reads to end
	}
	c.Close()
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
