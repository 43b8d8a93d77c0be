package message

import (
	"bytes"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// cursor reads values from a response. Its methods pass over what they are named for,
// and report whether it was there.
type cursor struct {
	limits response.Limits
	b      []byte
	i      int
	depth  int
	values int
	// shared is the text of the item that is being read, which begins at b[from]: what
	// is read of an item shares the memory of one string.
	shared string
	from   int
}

// is passes over a byte.
func (c *cursor) is(x byte) bool {
	if c.i < len(c.b) && c.b[c.i] == x {
		c.i++
		return true
	}
	return false
}

// peek returns the next byte, and 0 after the last.
func (c *cursor) peek() byte {
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

// null is NIL.
func (c *cursor) null() bool {
	if len(c.b)-c.i < 3 || !bytes.EqualFold(c.b[c.i:c.i+3], []byte("NIL")) {
		return false
	}
	if c.i+3 < len(c.b) && response.IsAtomChar(c.b[c.i+3]) {
		return false
	}
	c.i += 3
	return true
}

// enter begins a list, if it is not too deep.
func (c *cursor) enter() bool {
	if c.depth == c.limits.Depth || !c.is('(') {
		return false
	}
	c.depth++
	return true
}

// leave ends a list.
func (c *cursor) leave() bool {
	c.depth--
	return c.is(')')
}

// value counts a value that is about to be read, and reports whether one more may be.
func (c *cursor) value() bool {
	c.values++
	return c.values <= c.limits.Words()
}

// atom returns the characters of an atom, and of "]", as they stand in the response.
func (c *cursor) atom() (word []byte, ok bool) {
	start := c.i
	for c.i < len(c.b) && (response.IsAtomChar(c.b[c.i]) || c.b[c.i] == ']') {
		c.i++
	}
	return c.b[start:c.i], c.value() && c.i > start
}

// number reads a decimal number of at most max.
func (c *cursor) number(max uint64) (n uint64, ok bool) {
	start := c.i
	for ; c.i < len(c.b); c.i++ {
		d := uint64(c.b[c.i] - '0')
		if d > 9 {
			break
		}
		if n > (max-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, c.value() && c.i > start
}

// span passes over a string and returns where its content stands. escaped says that
// backslashes in it quote what follows them.
func (c *cursor) span() (from, to int, escaped, ok bool) {
	if !c.value() {
		return 0, 0, false, false
	}
	if c.is('"') {
		from = c.i
		for ; c.i < len(c.b); c.i++ {
			switch c.b[c.i] {
			case '"':
				c.i++
				return from, c.i - 1, escaped, true
			case '\\':
				escaped = true
				c.i++
			case '\r', '\n':
				return 0, 0, false, false
			}
		}
		return 0, 0, false, false
	}
	from, to, ok = c.literal()
	return from, to, false, ok
}

// literal is a literal whose content is in the buffer.
func (c *cursor) literal() (from, to int, ok bool) {
	c.is('~')
	n := bytes.IndexByte(c.b[c.i:], '\n')
	if n < 0 {
		return 0, 0, false
	}
	size, ok := response.LiteralSize(c.b[c.i : c.i+n+1])
	if from = c.i + n + 1; !ok || size > int64(len(c.b)-from) {
		return 0, 0, false
	}
	c.i = from + int(size)
	return from, c.i, true
}

// str reads a string.
func (c *cursor) str() (string, bool) {
	from, to, escaped, ok := c.span()
	if !ok {
		return "", false
	}
	if escaped {
		return unescape(c.b[from:to]), true
	}
	if from < c.from || to-c.from > len(c.shared) {
		return string(c.b[from:to]), true
	}
	return c.shared[from-c.from : to-c.from], true
}

// nstring reads a string or NIL, which is "".
func (c *cursor) nstring() (string, bool) {
	if c.null() {
		return "", true
	}
	return c.str()
}

// unescape takes the backslashes out of a quoted string.
func unescape(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			i++
		}
		out = append(out, b[i])
	}
	return string(out)
}

// skip passes over any value.
func (c *cursor) skip() bool {
	switch c.peek() {
	case '(':
		return c.skipList()
	case '"', '{', '~':
		_, _, _, ok := c.span()
		return ok
	}
	if c.is('\\') && c.is('*') {
		return c.value()
	}
	_, ok := c.atom()
	return ok
}

// skipList passes over a list, between whose members is one blank, or none before a
// list.
func (c *cursor) skipList() bool {
	if !c.enter() {
		return false
	}
	for first := true; c.peek() != ')'; first = false {
		if !first && !c.is(' ') && c.peek() != '(' || !c.skip() {
			return false
		}
	}
	return c.leave()
}

// share makes the text of the next value the one that strings share, and stays before
// the value.
func (c *cursor) share() bool {
	start, values, depth := c.i, c.values, c.depth
	if !c.skip() {
		return false
	}
	c.from, c.shared = start, string(c.b[start:c.i])
	c.i, c.values, c.depth = start, values, depth
	return true
}
