package response

import "bytes"

// peek returns the next byte, and 0 after the last.
func (s *Scanner) peek() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

// is passes over a byte.
func (s *Scanner) is(c byte) bool {
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

// word passes over a keyword in upper case.
func (s *Scanner) word(w string) bool {
	if len(s.b)-s.i >= len(w) && string(s.b[s.i:s.i+len(w)]) == w {
		s.i += len(w)
		return true
	}
	return false
}

// null is "NIL", which the client reads in upper case only.
func (s *Scanner) null() bool {
	start := s.i
	if s.word("NIL") && !IsAtomChar(s.peek()) {
		return true
	}
	s.i = start
	return false
}

// Bits of the characters that an atom may have, below 64 and from there to 127.
const (
	atomsLow  uint64 = ^uint64(0) &^ (1<<('!') - 1) &^ (1<<'"' | 1<<'%' | 1<<'(' | 1<<')' | 1<<'*')
	atomsHigh uint64 = ^uint64(0) &^ (1<<('\\'-64) | 1<<(']'-64) | 1<<('{'-64) | 1<<(0x7f-64))
)

// IsAtomChar reports whether the client takes c for a character of an atom. Unlike
// RFC 9051's ATOM-CHAR that includes most of what is not ASCII.
func IsAtomChar(c byte) bool {
	switch {
	case c < 64:
		return atomsLow>>c&1 != 0
	case c < 128:
		return atomsHigh>>(c-64)&1 != 0
	}
	return c >= 0xa0
}

func (s *Scanner) atom() bool {
	s.words++
	start := s.i
	for s.i < len(s.b) && IsAtomChar(s.b[s.i]) {
		s.i++
	}
	return s.i > start && s.i-start <= MaxWord
}

// number64 is a decimal number of at most max.
func (s *Scanner) number64(max uint64) bool {
	s.words++
	start := s.i
	var n uint64
	for ; s.i < len(s.b); s.i++ {
		c := s.b[s.i] - '0'
		if c > 9 {
			break
		}
		if n = n*10 + uint64(c); n > max || s.i-start >= 19 {
			return false
		}
	}
	return s.i > start
}

const (
	maxNumber   = 1<<32 - 1 // number
	maxNumber64 = 1<<63 - 1 // number64
)

func (s *Scanner) number() bool { return s.number64(maxNumber) }

// nzNumber is a number that does not begin with zero, and returns it.
func (s *Scanner) nzNumber() (n uint32, ok bool) {
	start := s.i
	if s.peek() == '0' || !s.number() {
		return 0, false
	}
	for _, c := range s.b[start:s.i] {
		n = n*10 + uint32(c-'0')
	}
	return n, true
}

// str is a string of at most max bytes, and returns where its content is. A quoted
// string has no line's end.
func (s *Scanner) str(max int) (content []byte, ok bool) {
	s.words++
	switch s.peek() {
	case '"':
		return s.quoted(max)
	case '{':
		return s.literal(max)
	}
	return nil, false
}

func (s *Scanner) quoted(max int) ([]byte, bool) {
	start := s.i + 1
	for i := start; i < len(s.b); i++ {
		switch s.b[i] {
		case '"':
			s.i = i + 1
			return s.b[start:i], i-start <= max
		case '\\':
			i++
			if i == len(s.b) || s.b[i] == '\r' || s.b[i] == '\n' {
				return nil, false
			}
		case '\r', '\n':
			return nil, false
		}
	}
	return nil, false
}

// literal is a literal whose content is in the buffer.
func (s *Scanner) literal(max int) ([]byte, bool) {
	i := bytes.IndexByte(s.b[s.i:], '}')
	if i < 0 {
		return nil, false
	}
	n, ok := number(s.b[s.i+1:s.i+i], uint64(max))
	s.i += i + 1
	if !ok || !s.is('\r') || !s.is('\n') || n > uint64(len(s.b)-s.i) {
		return nil, false
	}
	content := s.b[s.i : s.i+int(n)]
	s.i += int(n)
	return content, true
}

// nstring is a string or NIL.
func (s *Scanner) nstring(max int) bool {
	if s.null() {
		return true
	}
	_, ok := s.str(max)
	return ok
}

// ntext is an nstring that the client decodes: the work of that grows faster than a
// text with encoded words (RFC 2047).
func (s *Scanner) ntext() bool {
	if s.null() {
		return true
	}
	text, ok := s.str(s.Line)
	return ok && !(len(text) > MaxWords && bytes.Contains(text, []byte("=?")))
}

// astring is an atom, which may have a "]", or a string.
func (s *Scanner) astring() bool {
	if c := s.peek(); c == '"' || c == '{' {
		_, ok := s.str(s.Line)
		return ok
	}
	s.words++
	start := s.i
	for s.i < len(s.b) && (IsAtomChar(s.b[s.i]) || s.b[s.i] == ']') {
		s.i++
	}
	return s.i > start
}

// astrings is any number of groups of astrings, each with a blank before it.
func (s *Scanner) astrings(group int) bool {
	n := 0
	for s.is(' ') {
		if !s.astring() {
			return false
		}
		n++
	}
	return n%group == 0
}

// list is a parenthesized list, possibly empty, with one blank between members.
func (s *Scanner) list(member func(*Scanner) bool) bool {
	if !s.enter() {
		return false
	}
	for first := true; !s.is(')'); first = false {
		if !first && !s.is(' ') || !member(s) {
			return false
		}
	}
	s.depth--
	return true
}

// enter begins a list, if it is not too deep. The caller that leaves it counts that.
func (s *Scanner) enter() bool {
	s.depth++
	return s.depth <= min(s.Depth, maxDepth) && s.is('(')
}

// value is anything that stands between two blanks: what the client passes over.
func (s *Scanner) value() bool {
	switch c := s.peek(); {
	case c == '(':
		return s.list((*Scanner).value)
	case c == '"' || c == '{':
		_, ok := s.str(s.Line)
		return ok
	}
	return s.atom()
}
