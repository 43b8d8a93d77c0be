package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is the limit of a server's text that is kept, in bytes.
const maxText = 512

// Printable returns a server's text in a form that is safe to show: valid UTF-8
// without control, bidi or other format characters, at most 512 bytes long. Tabs
// become blanks, other characters that are not printable become U+FFFD, and line
// ends at the end of s are removed.
func Printable(s string) string { return PrintableUpTo(s, maxText) }

// PrintableUpTo is [Printable] for a text of most bytes at most.
func PrintableUpTo(s string, most int) string {
	s = strings.TrimRight(s, "\r\n")
	truncated := len(s) > most
	if truncated {
		s = s[:most]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return utf8.RuneError
	}, s)
	if !truncated && len(s) <= most {
		return s
	}
	const dots = "..."
	s = s[:min(len(s), most-len(dots))]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + dots
}

// AsksForCertificate reports whether the text of a refusal mentions the client's
// certificate, for which the protocols have no code. It is a guess from free text,
// and only good for hints.
func AsksForCertificate(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "client") && strings.Contains(text, "certificate")
}

// PrintableError returns err with a text that is fit to be shown, and nil for nil.
func PrintableError(err error) error {
	if err == nil {
		return nil
	}
	return &printableError{err}
}

type printableError struct{ err error }

func (e *printableError) Error() string { return Printable(e.err.Error()) }

func (e *printableError) Unwrap() error { return e.err }
