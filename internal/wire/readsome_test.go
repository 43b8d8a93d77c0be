package wire_test

import (
	"errors"
	"io"
	"testing"

	"github.com/mailconn/mailconn/internal/wire"
)

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

// A reader that yields nothing for a while is read until it yields something, and one
// that does so for ever, or whose count cannot be, has failed.
func TestReadSome(t *testing.T) {
	b := make([]byte, 10, 100)
	reads := 0
	pauses := readFunc(func([]byte) (int, error) { reads++; return reads / 50, nil })
	if n, err := wire.ReadSome(pauses, b); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if n, err := wire.ReadSome(readFunc(func([]byte) (int, error) { return 3, io.EOF }), b); n != 3 || err != io.EOF {
		t.Errorf("got %d, %v", n, err)
	}
	if _, err := wire.ReadSome(readFunc(func([]byte) (int, error) { return 0, nil }), b); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
	for _, count := range []int{-1, 11, 1000} {
		if n, err := wire.ReadSome(readFunc(func([]byte) (int, error) { return count, nil }), b); n != 0 || err == nil {
			t.Errorf("%d: got %d, %v", count, n, err)
		}
	}
}
