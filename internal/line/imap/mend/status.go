package mend

import (
	"bytes"
	"strings"

	"github.com/mailconn/mailconn/internal/line/imap/response"
	"github.com/mailconn/mailconn/internal/wire"
)

// status writes a status response: its tag, its word, its code and its text. Codes are
// advice: one that cannot be read is left out, and the response stays.
func (w *writer) status(b []byte, h response.Head) bool {
	word := h.Kind.Word()
	if h.Tagged {
		w.out = append(append(w.out, h.Tag(b)...), ' ')
	} else {
		w.raw("* ")
	}
	w.raw(word)
	rest := bytes.TrimSpace(b[h.Args:])
	if inside, text, ok := cutCode(rest); ok {
		before := len(w.out)
		w.raw(" [")
		if w.code(inside) {
			w.raw("]")
		} else {
			w.out = w.out[:before]
		}
		rest = text
	}
	if text := w.shown(rest); text != "" {
		w.raw(" " + text)
	}
	return w.raw("\r\n")
}

// cutCode takes a status's text apart. A bracket inside of a list does not end the code.
func cutCode(b []byte) (inside, text []byte, ok bool) {
	if len(b) == 0 || b[0] != '[' {
		return nil, b, false
	}
	depth := 0
	for i, c := range b {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ']' && depth <= 0:
			return b[1:i], bytes.TrimSpace(b[i+1:]), true
		}
	}
	inside, text, ok = bytes.Cut(b[1:], []byte("]"))
	return inside, bytes.TrimSpace(text), ok
}

// shown returns a text that may become part of an error: printable, not too long, and
// without a bracket at its beginning, which would make it a code.
func (w *writer) shown(b []byte) string {
	text := strings.TrimLeft(wire.Printable(string(b)), "[ ")
	if len(text) <= response.MaxText {
		return text
	}
	const dots = "..."
	return strings.ToValidUTF8(text[:response.MaxText-len(dots)], "") + dots
}

// code writes a response code without its brackets (RFC 9051 §7.1).
func (w *writer) code(inside []byte) bool {
	name, args := bytes.TrimSpace(inside), []byte(nil)
	if i := bytes.IndexAny(name, " ("); i >= 0 {
		name, args = name[:i], name[i:]
	}
	name = bytes.ToUpper(name)
	start := len(w.out)
	if !isAtom(name) {
		w.add(Unreadable, "response code", inside)
		return false
	}
	w.out = append(w.out, name...)
	if !w.codeArgs(string(name), bytes.TrimSpace(args)) || !readsCode(w.limits, w.out[start:]) {
		w.out = w.out[:start]
		w.add(Unreadable, "response code "+printed(string(name)), inside)
		return false
	}
	return true
}

// codeArgs writes the arguments of a code. Those of COPYUID and APPENDUID are numbers
// that belong together: they are used as they are, or not at all.
func (w *writer) codeArgs(name string, args []byte) bool {
	if name == "PERMANENTFLAGS" {
		p := parser{limits: w.limits, b: args}
		n, err := p.value()
		return err == nil && w.raw(" ") && w.flags(n)
	}
	if args = bytes.Join(bytes.Fields(args), []byte(" ")); len(args) > 0 {
		w.out = append(append(w.out, ' '), args...)
	}
	return true
}

// readsCode reports whether the client reads a code.
func readsCode(limits response.Limits, code []byte) bool {
	s := response.Scanner{Limits: &limits}
	b := append(append([]byte("* OK ["), code...), "]\r\n"...)
	return s.Scan(b, response.ParseHead(b))
}
