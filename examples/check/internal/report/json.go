package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
)

// maxFile bounds the file that Read takes, in bytes.
const maxFile = 32 << 20

// Write writes r as JSON. What could change how a terminal shows the text is escaped.
func (r *Report) Write(w io.Writer) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return err
	}
	var out strings.Builder
	for _, c := range b.String() { // outside of strings, JSON has only printable ASCII and line feeds
		if c == '\n' || unicode.IsPrint(c) {
			out.WriteRune(c)
			continue
		}
		for _, unit := range utf16.Encode([]rune{c}) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// Read reads what Write has written.
func Read(r io.Reader) (*Report, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("larger than %d bytes", maxFile)
	}
	got := new(Report)
	if err := json.Unmarshal(text, got); err != nil {
		return nil, err
	}
	if got.Schema != Schema {
		return nil, fmt.Errorf("schema %d: want %d", got.Schema, Schema)
	}
	for _, e := range got.Endpoints {
		if len(e.Outcomes) == 0 {
			return nil, fmt.Errorf("%v has no outcomes", e.URL)
		}
	}
	return got, nil
}

// Visible returns a text in which nothing acts: what is not printable, such as the escape
// that begins a terminal's commands, or a letter that turns the direction of writing,
// stands there as its code point.
func Visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "‹U+%04X›", r)
		}
	}
	return b.String()
}
