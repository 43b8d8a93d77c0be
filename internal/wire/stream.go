package wire

import (
	"bufio"
	"bytes"
	"io"
)

// What a server sends between two lines, such as a message, is read straight from
// the buffer of a Reader, and does not count against its limits.

// Peek returns what is buffered. It is valid until the next read.
func (r *Reader) Peek() []byte {
	b, _ := r.br.Peek(r.br.Buffered())
	return b
}

// More waits until more is buffered than now, for which the buffer must have room,
// or returns why there will not be more.
func (r *Reader) More() error {
	_, err := r.br.Peek(r.br.Buffered() + 1)
	return err
}

// Discard removes n bytes of what is buffered.
func (r *Reader) Discard(n int) { r.br.Discard(n) }

// Grow makes the buffer at least size bytes large. What is buffered stays.
func (r *Reader) Grow(size int) {
	if size <= r.br.Size() {
		return
	}
	var src io.Reader = (*source)(r)
	rest := r.Take()
	if len(rest) > 0 {
		src = io.MultiReader(bytes.NewReader(rest), src)
	}
	r.br = *bufio.NewReaderSize(src, size)
	r.br.Peek(len(rest)) // fills the buffer with no more than the rest
}

// Shrink gives back the memory of a buffer that has grown and is empty.
func (r *Reader) Shrink() {
	if r.br.Buffered() == 0 && r.br.Size() > readSize {
		r.br = *bufio.NewReaderSize((*source)(r), readSize)
	}
}
