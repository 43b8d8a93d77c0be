package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// The layout of a row: a label, and a text that is broken into lines.
const (
	labelWidth = 14
	textWidth  = 80
)

// row writes one row. Its text may be a server's, so nothing is let through
// that would move the terminal's cursor or turn the direction of writing.
func row(w io.Writer, label, text string) {
	for _, line := range wrap(strings.Map(printable, text)) {
		fmt.Fprintf(w, "  %-*s%s\n", labelWidth, label, line)
		label = ""
	}
}

func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return '?'
}

// wrap breaks a text at its blanks; two of them stay together where no line
// ends.
func wrap(text string) (lines []string) {
	line := ""
	for word := range strings.SplitSeq(text, " ") {
		if line != "" && len(line)+1+len(word) > textWidth {
			lines = append(lines, strings.TrimRight(line, " "))
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
