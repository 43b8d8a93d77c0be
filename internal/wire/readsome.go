package wire

import (
	"errors"
	"io"
)

// ReadSome reads once from r, which is a caller's code, or until it yields something: a
// reader that returns no byte and no error again and again fails with
// [io.ErrNoProgress]. A count that cannot be is an error too.
func ReadSome(r io.Reader, b []byte) (int, error) {
	for range maxEmpty {
		n, err := r.Read(b)
		switch {
		case n < 0 || n > len(b):
			return 0, errCount
		case n > 0 || err != nil:
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

const maxEmpty = 100 // reads that yield nothing, in a row

var errCount = errors.New("a reader has returned a number of bytes that cannot be")
