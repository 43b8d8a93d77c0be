package smtpconn

import (
	"context"
	"io"

	"github.com/mailconn/mailconn/internal/wire"
)

// source is content whose Read may wait: a pipe, a file, the body of a request. Its
// Read ends with ctx. The Read of the content that was under way is then left
// behind, with a buffer of its own, and ends by itself.
type source struct {
	ctx     context.Context
	content io.Reader
	buf     []byte
	done    chan readResult
}

// readResult is what a Read has brought.
type readResult struct {
	n        int
	err      error
	panicked any
}

// sourceOf returns content as it can be read until ctx ends. Content that knows
// its length is in memory, as a bytes.Reader is, and does not wait.
func sourceOf(ctx context.Context, content io.Reader) io.Reader {
	if _, known := content.(interface{ Len() int }); known || ctx.Done() == nil {
		return content
	}
	return &source{ctx: ctx, content: content, buf: make([]byte, aheadSize), done: make(chan readResult, 1)}
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
			panic(got.panicked) // the caller's own
		}
		return copy(p, buf[:got.n]), got.err
	case <-s.ctx.Done():
		return 0, wire.ContextError(s.ctx)
	}
}

// read reads once. The content may panic, or end its goroutine as a test does.
func (s *source) read(buf []byte) {
	got := readResult{err: io.ErrUnexpectedEOF}
	defer func() {
		got.panicked = recover()
		s.done <- got
	}()
	n, err := s.content.Read(buf)
	got = readResult{n: n, err: err}
}
