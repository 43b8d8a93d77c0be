// Package lineends is what tests hold the line ends of a message to.
package lineends

import (
	"regexp"
	"strings"
)

// FirstBare returns where in a text the first CR or LF is that is not part of a CRLF, or the
// byte before it, and -1 if there is none.
func FirstBare(text string) int {
	if at := bare.FindStringIndex(text); at != nil {
		return at[0]
	}
	return -1
}

var bare = regexp.MustCompile(`\r([^\n]|$)|(^|[^\r])\n`)

// Mended returns a text in which every line end is CRLF, with one at its end.
func Mended(text string) string {
	text = strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n").Replace(text)
	if text != "" && !strings.HasSuffix(text, "\r\n") {
		text += "\r\n"
	}
	return text
}
