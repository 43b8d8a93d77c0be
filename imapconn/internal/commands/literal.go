package commands

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/mailconn/mailconn/internal/wire"
)

// Literal is a literal of a command, with what stands ahead of it.
type Literal struct {
	Before  string // ends in the announcement
	Content io.Reader
	Size    int64
	Sync    bool // it waits for the server's consent (RFC 9051 §4.3)
	Sent    bool // all of it was written
}

// Announcement returns how the literal is announced (RFC 7888 §3).
func (l *Literal) Announcement() string {
	if l.Sync {
		return "{" + strconv.FormatInt(l.Size, 10) + "}\r\n"
	}
	return "{" + strconv.FormatInt(l.Size, 10) + "+}\r\n"
}

// ErrContent is the error of a content that ends, or fails, before its announced length.
var ErrContent = errors.New("imapconn: a content is shorter than was announced")

// Write writes the content of the literal.
func (l *Literal) Write(w io.Writer) error {
	from := &contentReader{Reader: l.Content}
	n, err := io.Copy(w, io.LimitReader(from, l.Size))
	switch {
	case from.err != nil:
		return fmt.Errorf("%w: %w", ErrContent, from.err)
	case err != nil:
		return wire.Ended(err)
	case n < l.Size:
		return ErrContent
	}
	l.Sent = true
	return nil
}

// contentReader reads a content. It keeps the content's error apart from the
// connection's.
type contentReader struct {
	io.Reader
	err error
}

func (r *contentReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != io.EOF {
		r.err = err
	}
	return n, err
}
