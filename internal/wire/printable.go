package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds what is kept of a server's words, in bytes.
const maxText = 512

// Printable makes a server's text fit to be shown: no controls, no bidi or
// other format marks, valid UTF-8, at most 512 bytes. What it takes out it
// replaces by U+FFFD, tabs by blanks; a line's end is dropped.
func Printable(s string) string {
	s = strings.TrimRight(s, "\r\n")
	truncated := len(s) > maxText
	if truncated {
		s = s[:maxText]
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
	if !truncated && len(s) <= maxText {
		return s
	}
	const dots = "..."
	s = s[:min(len(s), maxText-len(dots))]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + dots
}

// AsksForCertificate reports whether a server's refusal speaks of the client's
// certificate, for which the protocols have no code. It is fit for hints alone:
// the words are the server's.
func AsksForCertificate(words string) bool {
	words = strings.ToLower(words)
	return strings.Contains(words, "client") && strings.Contains(words, "certificate")
}
