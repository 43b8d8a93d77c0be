package smtpconn

import (
	"context"
	"io"

	"github.com/mailconn/mailconn/internal/wire"
)

// source is content that may keep its reader waiting: a pipe, a file, the body
// of a request. Its Read ends with ctx. The Read of the content that was under
// way is then left behind, with a buffer of its own, and ends when it ends.
type source struct {
	ctx     context.Context
	content io.Reader
	buf     []byte
	done    chan piece
}

// piece is what a Read has brought.
type piece struct {
	n        int
	err      error
	panicked any
}

// sourceOf returns content as it can be read until ctx ends. What knows its
// length is in memory, as a bytes.Reader is, and does not wait.
func sourceOf(ctx context.Context, content io.Reader) io.Reader {
	if _, known := content.(interface{ Len() int }); known || ctx.Done() == nil {
		return content
	}
	return &source{ctx: ctx, content: content, buf: make([]byte, aheadSize), done: make(chan piece, 1)}
}

func (s *source) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, wire.ContextError(s.ctx)
	}
	buf := s.buf[:min(len(p), len(s.buf))]
	go s.read(buf)
	select {
	case got := <-s.done:
		if got.panicked != nil {
			panic(got.panicked) // the content's, which its caller may expect
		}
		return copy(p, buf[:got.n]), got.err
	case <-s.ctx.Done():
		return 0, wire.ContextError(s.ctx)
	}
}

// read reads once. The content may panic, or end its goroutine as a test does.
func (s *source) read(buf []byte) {
	got := piece{err: io.ErrUnexpectedEOF}
	defer func() {
		got.panicked = recover()
		s.done <- got
	}()
	n, err := s.content.Read(buf)
	got = piece{n: n, err: err}
}
