package wire

import (
	"context"
	"errors"
	"io"
)

// ErrLeft is the error of code that Aside has left behind.
var ErrLeft = errors.New("left behind")

// Returned is what came of code that ran aside.
type Returned[T any] struct {
	Value    T
	Err      error
	Panicked any // by the code; nil if it did not panic
}

// Aside runs f, which is a caller's code and may wait, on a goroutine. When left is
// closed it returns, with ErrLeft; f ends by itself then, so what it writes to must
// not be used any more. Code that ends its goroutine, as a test does, has the error
// [io.ErrUnexpectedEOF].
func Aside[T any](left <-chan struct{}, f func() (T, error)) Returned[T] {
	done := make(chan Returned[T], 1)
	go func() {
		r := Returned[T]{Err: io.ErrUnexpectedEOF}
		defer func() {
			r.Panicked = recover()
			done <- r
		}()
		r.Value, r.Err = f()
	}()
	select {
	case r := <-done:
		return r
	case <-left:
		return Returned[T]{Err: ErrLeft}
	}
}

// Await runs f [Aside], and returns what f returns, or the error of ctx as [ContextError]
// has it if ctx ends first. If ctx has ended already, f is not called. A panic of f is one
// of Await. It is for functions that may ignore their context.
func Await[T any](ctx context.Context, f func() (T, error)) (none T, err error) {
	if ctx.Err() != nil {
		return none, ContextError(ctx)
	}
	r := Aside(ctx.Done(), f)
	switch {
	case r.Panicked != nil:
		panic(r.Panicked)
	case ctx.Err() != nil && (r.Err == ErrLeft || r.Err == ctx.Err()):
		r.Err = ContextError(ctx)
	}
	return r.Value, r.Err
}
