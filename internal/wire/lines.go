package wire

import (
	"errors"
	"io"
	"strings"

	"github.com/mailconn/mailconn/policy"
)

// Lines exchanges lines with a server. Copies of one are the same Lines.
type Lines struct {
	*Reader
	w io.Writer
}

// NewLines returns Lines over rw with the limits of [Greeting].
func NewLines(rw io.ReadWriter) Lines { return LinesOf(NewReader(rw, Greeting()), rw) }

// LinesOf returns Lines that are read by r and written to w.
func LinesOf(r *Reader, w io.Writer) Lines { return Lines{r, w} }

// Send writes the line that parts are, and CRLF, in one write. A line with a CR, LF or
// NUL is [ErrArgument], and nothing of it is written.
func (l Lines) Send(parts ...string) error {
	size := len("\r\n")
	for _, part := range parts {
		if err := CheckLine(part); err != nil {
			return err
		}
		size += len(part)
	}
	line := make([]byte, 0, size)
	for _, part := range parts {
		line = append(line, part...)
	}
	if _, err := l.w.Write(append(line, "\r\n"...)); err != nil {
		return Ended(err)
	}
	return nil
}

// Quiet returns a violation with reason policy.ErrInjected if the server has said
// something that was not read: something is buffered, or has arrived, as far as
// Arrivals tells. It is called where nothing may be: after the line that begins TLS
// (RFC 3207 §4.2), and before a command is written. If the server has closed the
// connection, that is the error.
func (l Lines) Quiet() error {
	arrived, err := l.Arrived()
	if arrived {
		return Violation(policy.ErrInjected, l.Waiting())
	}
	return err
}

// ErrArgument is returned for an argument with a CR, LF or NUL, which would be more
// than one line.
var ErrArgument = errors.New("contains CR, LF or NUL")

// CheckLine returns [ErrArgument] if s has a CR, LF or NUL.
func CheckLine(s string) error {
	if strings.ContainsAny(s, "\r\n\x00") {
		return ErrArgument
	}
	return nil
}

// Params returns the parameters of a keyword in a capability list, whose entries are
// "KEYWORD parameters", and whether the list has the keyword.
func Params(list []string, keyword string) (string, bool) {
	for _, e := range list {
		if k, params, _ := strings.Cut(e, " "); k == keyword {
			return params, true
		}
	}
	return "", false
}

// IsASCII reports whether s has no byte above 0x7f.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// Upper returns s with its ASCII letters in upper case, and all else unchanged: in
// Unicode the upper case of "\u017ftls" is STLS, which would be a false offer.
func Upper(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return 'a' <= r && r <= 'z' }) {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// Words splits s at blanks and tabs, and at no other Unicode space.
func Words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' })
}

// Squeeze separates the words of s by single blanks.
func Squeeze(s string) string {
	if strings.Contains(s, "\t") || strings.Contains(s, "  ") || strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") {
		return strings.Join(Words(s), " ")
	}
	return s
}
