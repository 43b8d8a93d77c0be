package smtpconn

import (
	"context"
	"errors"
	"io"

	"github.com/mailconn/mailconn/internal/wire"
)

// source is content that may wait: a pipe, a file, the body of a request. Its Read and
// Seek end with ctx. What was under way of the content is then left behind, with a
// buffer of its own, and ends by itself.
type source struct {
	ctx     context.Context
	content io.Reader
	buf     []byte
}

// sourceOf returns content as it can be read until ctx ends. Content that knows
// its length is in memory, as a bytes.Reader is, and does not wait.
func sourceOf(ctx context.Context, content io.Reader) io.Reader {
	if _, known := content.(interface{ Len() int }); known || ctx.Done() == nil {
		return content
	}
	return &source{ctx: ctx, content: content, buf: make([]byte, aheadSize)}
}

func (s *source) Read(p []byte) (int, error) {
	buf := s.buf[:min(len(p), len(s.buf))]
	n, err := wire.Await(s.ctx, func() (int, error) { return wire.ReadSome(s.content, buf) })
	return copy(p, buf[:n]), err
}

// Seek fails if the content cannot be sought.
func (s *source) Seek(offset int64, whence int) (int64, error) {
	seeker, ok := s.content.(io.Seeker)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	return wire.Await(s.ctx, func() (int64, error) { return seeker.Seek(offset, whence) })
}
