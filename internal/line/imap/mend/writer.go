package mend

import (
	"bytes"
	"strconv"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// writer writes values in canonical form. Its methods are named after what they
// write; those that return false have written nothing that can be used.
type writer struct {
	limits response.Limits
	faults
	out []byte
}

func (w *writer) raw(s string) bool {
	w.out = append(w.out, s...)
	return true
}

// text writes a string, quoted if that can be.
func (w *writer) text(s []byte) bool {
	for _, c := range s {
		if c < ' ' || c == 0x7f {
			w.out = append(strconv.AppendInt(append(w.out, '{'), int64(len(s)), 10), "}\r\n"...)
			w.out = append(w.out, s...)
			return true
		}
	}
	w.out = append(w.out, '"')
	for _, c := range s {
		if c == '"' || c == '\\' {
			w.out = append(w.out, '\\')
		}
		w.out = append(w.out, c)
	}
	w.out = append(w.out, '"')
	return true
}

// str writes a string of at most max bytes.
func (w *writer) str(n node, max int) bool {
	switch n.shape {
	case list:
		return false
	case null:
		w.mended("NIL in place of a string", n.raw)
	case atom:
		w.mended("a word in place of a string", n.raw)
	}
	return w.text(w.cut(n.text, max))
}

// nstring writes a string of at most max bytes, or NIL.
func (w *writer) nstring(n node, max int) bool {
	if n.shape == null {
		return w.raw("NIL")
	}
	return w.str(n, max)
}

// ntext writes an nstring that the client decodes, which takes more than linear time
// for a text with encoded words.
func (w *writer) ntext(n node) bool {
	max := w.limits.Line
	if bytes.Contains(n.text, []byte("=?")) {
		max = response.MaxWords
	}
	return w.nstring(n, max)
}

func (w *writer) cut(s []byte, max int) []byte {
	if len(s) <= max {
		return s
	}
	w.mended("a text that is too long for its parser: it was cut", s)
	return s[:max]
}

// number writes a number of at most max. Servers write some in quotes, -1 or NIL for
// those that they do not know, and some that are too large.
func (w *writer) number(n node, max uint64) bool {
	v, err := strconv.ParseUint(string(n.text), 10, 64)
	switch {
	case n.shape == list:
		return false
	case n.shape == null, string(n.text) == "-1":
		w.mended("no number: it was taken for 0", n.raw)
	case err != nil && v == 0:
		return false
	case v > max:
		w.mended("a number that is too large", n.raw)
		v = max
	case n.shape == str:
		w.mended("a number in quotes", n.raw)
	}
	w.out = strconv.AppendUint(w.out, v, 10)
	return true
}

const (
	maxNumber   = 1<<32 - 1
	maxNumber64 = 1<<63 - 1
)

// numberOf returns the number that a node is, and whether it is one of at most max
// that is not 0.
func numberOf(n node, max uint64) (uint64, bool) {
	v, err := strconv.ParseUint(string(n.text), 10, 64)
	return v, n.isText() && err == nil && v > 0 && v <= max
}

// flags writes a list of flags without those that the client cannot read.
func (w *writer) flags(n node) bool {
	switch n.shape {
	case null:
		w.mended("NIL in place of a list", n.raw)
	case atom, str:
		return false
	}
	w.out = append(w.out, '(')
	first := true
	for _, f := range n.list {
		if !isFlag(f) {
			w.add(Unreadable, "flag", f.raw)
			continue
		}
		if f.shape == str {
			w.mended("a flag in quotes", f.raw)
		}
		if !first {
			w.out = append(w.out, ' ')
		}
		w.out, first = append(w.out, f.text...), false
	}
	w.out = append(w.out, ')')
	return true
}

func isFlag(n node) bool {
	word := bytes.TrimPrefix(n.text, []byte(`\`))
	return n.isText() && (string(n.text) == `\*` || isAtom(word))
}

// isAtom reports whether the client reads a word as an atom.
func isAtom(word []byte) bool {
	for _, c := range word {
		if !response.IsAtomChar(c) {
			return false
		}
	}
	return len(word) > 0 && len(word) <= response.MaxWord
}

// delimiter writes the delimiter of a hierarchy of mailboxes.
func (w *writer) delimiter(n node) bool {
	if n.shape == null {
		return w.raw("NIL")
	}
	if !n.isText() || len(n.text) != 1 || n.text[0] < ' ' || n.text[0] >= 0x7f {
		w.mended("no delimiter", n.raw)
		return w.raw("NIL")
	}
	if n.shape == atom {
		w.mended("a delimiter without quotes", n.raw)
	}
	return w.text(n.text)
}

// mailbox writes a mailbox's name. One that is no modified UTF-7 (seen with Yandex) is
// written so that the client shows it as it came.
func (w *writer) mailbox(n node) bool {
	name := n.text
	if n.shape == null {
		name = n.raw // a mailbox may have the name NIL
	}
	if n.shape == list || len(name) == 0 && n.shape != str {
		return false
	}
	if response.Decodes(name) {
		return w.text(name)
	}
	shown := bytes.ToValidUTF8(bytes.ReplaceAll(name, []byte("&"), []byte("&-")), []byte("\ufffd"))
	for i, c := range shown {
		if c < ' ' || c == 0x7f {
			shown[i] = '?'
		}
	}
	w.add(Mended, "a mailbox's name that is no modified UTF-7", name)
	return w.text(shown)
}

func (w *writer) strings(values []node) bool {
	for _, v := range values {
		if !w.raw(" ") || !w.str(v, w.limits.Line) {
			return false
		}
	}
	return true
}
