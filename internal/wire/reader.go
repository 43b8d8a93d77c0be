package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/mailconn/mailconn/policy"
)

// Limits bounds what a [Reader] reads from a server.
type Limits struct {
	Line  int32 // bytes in one line, CRLF included
	Lines int32 // lines in all
	Total int32 // bytes in all
}

// Greeting returns the limits for the dialogue before TLS, and again for the first
// commands of a session.
func Greeting() Limits { return Limits{Line: 8 << 10, Lines: 256, Total: 64 << 10} }

// SASL returns the limits during authentication, where a challenge may be 12288
// octets long (RFC 4954 §4).
func SASL() Limits { return Limits{Line: 16 << 10, Lines: 256, Total: 256 << 10} }

// A Reader reads lines that end in CRLF, within limits. A NUL, a bare CR or a bare LF
// makes a line malformed. A reader that tolerates them can be made to see a line that
// the other side did not send.
type Reader struct {
	// Arrivals is set if what the Reader reads from is a [NowReader], which is to tell what
	// has arrived.
	Arrivals bool

	noWait bool    // the next read does not wait
	read   bool    // first is set
	first  [2]byte // the beginning of the first line, in case it is not a greeting
	src    io.Reader
	br     bufio.Reader
	limit  Limits // lines and bytes are what is left of them
}

// readSize is the size of a buffer. Nearly every line and list before a session fits.
const readSize = 1024

// NewReader returns a Reader for r that has used nothing of its limits.
func NewReader(r io.Reader, limit Limits) *Reader { return NewReaderSize(r, limit, readSize) }

// NewReaderSize is NewReader with a buffer of another size. Longer lines are read as
// well, with more memory for the time.
func NewReaderSize(r io.Reader, limit Limits, size int) *Reader {
	reader := &Reader{src: r, limit: limit}
	reader.br = *bufio.NewReaderSize((*source)(reader), size)
	return reader
}

// Renew sets new limits and counts from zero again. Buffered data stays.
func (r *Reader) Renew(limit Limits) { r.limit = limit }

// Buffered returns the number of bytes that were read from the server but not yet
// returned.
func (r *Reader) Buffered() int { return r.br.Buffered() }

// Fill waits until at least one byte is buffered. It returns the error if there will
// be none.
func (r *Reader) Fill() error {
	_, err := r.br.Peek(1)
	return err
}

// Waiting returns the first buffered line, as far as it is there, made printable.
func (r *Reader) Waiting() string {
	b, _ := r.br.Peek(min(r.br.Buffered(), maxText))
	line, _, _ := bytes.Cut(b, []byte("\r\n"))
	return Printable(string(line))
}

// First returns the first two bytes that the server sent, even if they were not a line,
// and zeros in the place of bytes that it did not send.
func (r *Reader) First() [2]byte { return r.first }

// Take removes the buffered bytes and returns them.
func (r *Reader) Take() []byte {
	if r.br.Buffered() == 0 {
		return nil
	}
	b := make([]byte, r.br.Buffered())
	n, _ := io.ReadFull(&r.br, b)
	return b[:n]
}

// Release returns the buffer of a Reader from which all was taken, and that is used no more.
func (r *Reader) Release() []byte {
	r.br.Reset(nil)
	b, _ := r.br.Peek(0)
	return b
}

// ReadLine returns the next line without its CRLF.
//
// The error is a [*policy.Violation] for a line that is malformed or exceeds a limit,
// a [*Closed] if the server closed the connection, or the error of the connection.
func (r *Reader) ReadLine() (string, error) {
	line, err := r.ReadSlice()
	return string(line), err
}

// ReadSlice is ReadLine without a copy: the line is valid until the next read.
func (r *Reader) ReadSlice() ([]byte, error) {
	var long []byte
	for {
		part, err := r.br.ReadSlice('\n')
		r.limit.Total -= int32(len(part))
		if !r.read {
			r.read = true
			copy(r.first[:], part)
		}
		if len(long)+len(part) > int(r.limit.Line) || r.limit.Total < 0 {
			return nil, Violation(policy.ErrLimit, string(long)+string(part))
		}
		switch {
		case err == nil && long == nil:
			return r.line(part)
		case err == nil:
			return r.line(append(long, part...))
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, ended(err, append(long, part...))
		}
		long = append(long, part...)
	}
}

// Read reads up to the end of a line. A reader of lines that is put on top of it
// therefore never buffers data beyond its last line.
func (r *Reader) Read(p []byte) (int, error) {
	if _, err := r.br.Peek(1); err != nil {
		return 0, err
	}
	b, _ := r.br.Peek(min(r.br.Buffered(), len(p)))
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i+1]
	}
	n := copy(p, b)
	r.br.Discard(n)
	return n, nil
}

func (r *Reader) line(b []byte) ([]byte, error) {
	if r.limit.Lines--; r.limit.Lines < 0 {
		return nil, Violation(policy.ErrLimit, string(b))
	}
	text, ended := bytes.CutSuffix(b, []byte("\r\n"))
	var odd error
	switch {
	case !ended:
		odd = errLineEnd
	case bytes.IndexByte(text, '\r') >= 0 || bytes.IndexByte(text, 0) >= 0:
		odd = ErrOctet
	default:
		return text, nil
	}
	v := Violation(policy.ErrMalformed, string(b))
	v.Err = odd
	return nil, v
}

// ErrOctet is in the chain of the violation for a line with a NUL or a bare CR in
// it. The line has its CRLF: a reader that can do without it may go on after it.
var ErrOctet = errors.New("line with NUL or a bare CR")

var errLineEnd = errors.New("line without a proper CRLF")

// Skip discards the next n bytes, such as an IMAP literal.
func (r *Reader) Skip(n int64) error {
	if n > int64(r.limit.Total) {
		v := Violation(policy.ErrLimit, "")
		v.Err = fmt.Errorf("literal of %d bytes", n)
		return v
	}
	got, err := r.br.Discard(int(n))
	r.limit.Total -= int32(got)
	if err != nil {
		return ended(err, nil)
	}
	return nil
}

// Violation returns a violation with a reason and the server's reply, which it makes
// printable. The caller fills in policy and protocol.
func Violation(reason error, reply string) *policy.Violation {
	return &policy.Violation{Reason: reason, Reply: Printable(reply)}
}

// Closed is the error for a connection that the server closed, or announced to close
// (SMTP 421, IMAP BYE). Err holds io.EOF or io.ErrUnexpectedEOF.
type Closed struct {
	Reply   string // the announcement, made printable
	Partial string // the beginning of a line that was not completed, made printable
	Err     error
}

// Hangup returns the Closed for a server that announced the end in reply.
func Hangup(reply string) *Closed { return &Closed{Reply: Printable(reply), Err: io.EOF} }

// Ended returns a [*Closed] if err is what a read or write returns after the server
// has closed the connection, and err otherwise.
func Ended(err error) error {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return &Closed{Err: errors.Join(io.EOF, err)}
	}
	return ended(err, nil)
}

func ended(err error, partial []byte) error {
	switch {
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case len(partial) > 0:
		return &Closed{Partial: Printable(string(partial)), Err: errors.Join(io.ErrUnexpectedEOF, io.EOF)}
	}
	return &Closed{Err: err}
}

func (e *Closed) Error() string {
	switch {
	case e.Reply != "":
		return fmt.Sprintf("server closed the connection (%q)", e.Reply)
	case e.Partial != "":
		return fmt.Sprintf("server closed the connection in the middle of a line (%q)", e.Partial)
	}
	return "server closed the connection"
}

func (e *Closed) Unwrap() error { return e.Err }

// Temporary returns true: the server may accept a later connection.
func (e *Closed) Temporary() bool { return true }
