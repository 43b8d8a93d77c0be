package wire

import (
	"errors"
	"io"
)

// ErrLeft is the error of code that Aside has left behind.
var ErrLeft = errors.New("left behind")

// Reading is what came of a Read or a Seek.
type Reading struct {
	N        int
	Err      error
	Panicked any // by the code; nil if it did not panic
}

// Aside runs f, which is a caller's code and may wait, on a goroutine. When left is
// closed it returns, with ErrLeft; f ends by itself then, so what it writes to must
// not be used any more. Code that ends its goroutine, as a test does, has the error
// [io.ErrUnexpectedEOF].
func Aside(left <-chan struct{}, f func() (int, error)) Reading {
	done := make(chan Reading, 1)
	go func() {
		r := Reading{Err: io.ErrUnexpectedEOF}
		defer func() {
			r.Panicked = recover()
			done <- r
		}()
		r.N, r.Err = f()
	}()
	select {
	case r := <-done:
		return r
	case <-left:
		return Reading{Err: ErrLeft}
	}
}
