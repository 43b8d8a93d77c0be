package values

import (
	"bytes"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// Types say what the values of a response become.
type Types struct {
	Atom func(text string) any
	List func(members []any) any
}

// Read reads the values that a response ends with: atoms and lists, strings, and nil
// for NIL.
func Read(b []byte, limits response.Limits, types Types) ([]any, bool) {
	b = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	r := valueReader{b: b, limits: limits, types: types}
	values, ok := r.members(0)
	return values, ok && r.i == len(r.b)
}

// valueReader reads the values of a response whose form is not known.
type valueReader struct {
	b      []byte
	i      int
	values int
	limits response.Limits
	types  Types
}

// members reads values up to the end, or up to a parenthesis that closes a list.
func (r *valueReader) members(depth int) ([]any, bool) {
	var list []any
	for {
		for r.peek() == ' ' {
			r.i++
		}
		if r.i == len(r.b) || r.peek() == ')' {
			return list, true
		}
		if r.values++; r.values > r.limits.Words() {
			return nil, false
		}
		value, ok := r.value(depth)
		if !ok {
			return nil, false
		}
		list = append(list, value)
	}
}

func (r *valueReader) peek() byte {
	if r.i < len(r.b) {
		return r.b[r.i]
	}
	return 0
}

func (r *valueReader) value(depth int) (any, bool) {
	switch r.peek() {
	case '(':
		return r.list(depth)
	case '"':
		return r.quoted()
	case '{':
		return r.literal()
	case '~':
		if bytes.HasPrefix(r.b[r.i:], []byte("~{")) { // RFC 3516 §4.4
			r.i++
			return r.literal()
		}
	}
	return r.atom()
}

func (r *valueReader) list(depth int) (any, bool) {
	if depth >= r.limits.Depth {
		return nil, false
	}
	r.i++
	list, ok := r.members(depth + 1)
	if !ok || r.peek() != ')' {
		return nil, false
	}
	r.i++
	if list == nil {
		list = []any{}
	}
	return r.types.List(list), true
}

func (r *valueReader) quoted() (any, bool) {
	var text []byte
	for r.i++; r.i < len(r.b); r.i++ {
		switch c := r.b[r.i]; c {
		case '"':
			r.i++
			return string(text), true
		case '\r', '\n':
			return nil, false
		case '\\':
			if r.i++; r.i == len(r.b) {
				return nil, false
			}
		}
		text = append(text, r.b[r.i])
	}
	return nil, false
}

func (r *valueReader) literal() (any, bool) {
	line, _, ok := bytes.Cut(r.b[r.i:], []byte("\n"))
	if !ok {
		return nil, false
	}
	size, ok := response.LiteralSize(r.b[r.i : r.i+len(line)+1])
	from := r.i + len(line) + 1
	if !ok || size > int64(len(r.b)-from) {
		return nil, false
	}
	r.i = from + int(size)
	return string(r.b[from:r.i]), true
}

// atom reads an atom, with a section in brackets as part of it.
func (r *valueReader) atom() (any, bool) {
	start, open := r.i, 0
	for ; r.i < len(r.b); r.i++ {
		c := r.b[r.i]
		switch {
		case c < ' ' || c == '"' && open == 0 || c == '{':
			return nil, false
		case c == '[':
			open++
		case c == ']':
			open = max(0, open-1)
		}
		if open == 0 && (c == ' ' || c == '(' || c == ')') {
			break
		}
	}
	if open > 0 || r.i == start {
		return nil, false
	}
	text := string(r.b[start:r.i])
	if bytes.EqualFold([]byte(text), []byte("NIL")) {
		return nil, true
	}
	return r.types.Atom(text), true
}
