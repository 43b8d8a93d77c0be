package pop3conn

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// reader reads a session: status lines and lists by the line, messages
// straight out of its buffer.
type reader struct {
	buf   *bufio.Reader
	conn  *wire.Guard
	limit time.Duration // zero is none
	by    time.Time     // when what is being waited for must be there
	held  bool          // by stays as it is
}

const (
	// bufferSize holds two full TLS records.
	bufferSize = 32 << 10
	// maxLine bounds a line outside of messages. RFC 2449 §4 allows 512.
	maxLine = 8 << 10
)

func newReader(conn *wire.Guard, limit time.Duration) *reader {
	r := &reader{conn: conn, limit: limit}
	r.buf = bufio.NewReaderSize(source{r}, bufferSize)
	return r
}

// begin begins to wait: what is read from here on must be there in time, all
// of it, so that a server which sends a byte now and then gains nothing.
func (r *reader) begin() {
	if r.limit > 0 && !r.held {
		r.by = time.Now().Add(r.limit)
	}
}

// hold begins to wait for everything that is read until it is let go.
func (r *reader) hold(on bool) {
	if on {
		r.begin()
	}
	r.held = on
}

// source is the connection under the buffer.
type source struct{ *reader }

func (s source) Read(p []byte) (int, error) {
	if s.limit > 0 {
		s.conn.SetReadDeadline(s.by)
	}
	n, err := s.conn.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("server silent for %v: %w", s.limit, err)
	}
	return n, err
}

// buffered returns what was read and not yet used. It is valid until the next
// read.
func (r *reader) buffered() []byte {
	b, _ := r.buf.Peek(r.buf.Buffered())
	return b
}

// more waits until there is more in the buffer, which must have room.
func (r *reader) more() error {
	_, err := r.buf.Peek(r.buf.Buffered() + 1)
	return err
}

func (r *reader) discard(n int) { r.buf.Discard(n) }

// line returns the next line without its CRLF, valid until the next read. The
// rules are those of the beginning of a session: NUL, a bare CR and a bare LF
// make a line malformed.
func (r *reader) line() ([]byte, error) {
	r.begin()
	b, err := r.buf.ReadSlice('\n')
	switch {
	case len(b) > maxLine, errors.Is(err, bufio.ErrBufferFull):
		return nil, wire.Violation(policy.ErrLimit, string(b))
	case err != nil:
		return nil, wire.Ended(err)
	}
	text, ok := bytes.CutSuffix(b, []byte("\r\n"))
	if !ok || bytes.IndexByte(text, '\r') >= 0 || bytes.IndexByte(text, 0) >= 0 {
		return nil, wire.Violation(policy.ErrMalformed, string(b))
	}
	return text, nil
}

// quiet returns a violation if the server has spoken without being asked.
func (r *reader) quiet() error {
	if b := r.buffered(); len(b) > 0 {
		return wire.Violation(policy.ErrInjected, string(b))
	}
	return nil
}
