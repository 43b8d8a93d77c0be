package response

import "bytes"

// bodyStructure is a BODYSTRUCTURE, or a BODY, which has no extension data
// (RFC 9051 §7.5.2).
func (s *Scanner) bodyStructure() bool {
	if !s.enter() {
		return false
	}
	ok := false
	if s.peek() == '(' {
		ok = s.multipart()
	} else {
		ok = s.part()
	}
	s.depth--
	return ok && s.is(')')
}

// multipart is body-type-mpart: its parts, which have no blanks between them, and
// its subtype.
func (s *Scanner) multipart() bool {
	for s.peek() == '(' {
		if !s.bodyStructure() {
			return false
		}
	}
	if !s.is(' ') {
		return false
	}
	if _, ok := s.str(MaxWord); !ok {
		return false
	}
	return !s.is(' ') || s.params() && s.extension()
}

// part is body-type-1part.
func (s *Scanner) part() bool {
	mediaType, ok := s.str(MaxWord)
	if !ok || !s.is(' ') {
		return false
	}
	subtype, ok := s.str(MaxWord)
	if !ok || !s.is(' ') || !s.fields() {
		return false
	}
	if s.peek() == ')' { // the client reads one that stops here
		return true
	}
	switch {
	case IsMessage(mediaType, subtype):
		ok = s.is(' ') && s.envelope() && s.is(' ') && s.bodyStructure() && s.is(' ') && s.number64(maxNumber64)
	case bytes.EqualFold(mediaType, []byte("text")):
		ok = s.is(' ') && s.number64(maxNumber64)
	}
	if !ok || s.peek() == ')' {
		return ok
	}
	return s.is(' ') && s.nstring(s.Line) && s.extension() // the MD5
}

// IsMessage reports whether a part is a message, whose structure is part of its own.
func IsMessage(mediaType, subtype []byte) bool {
	return bytes.EqualFold(mediaType, []byte("message")) &&
		(bytes.EqualFold(subtype, []byte("rfc822")) || bytes.EqualFold(subtype, []byte("global")))
}

// fields is body-fields: parameters, id, description, encoding, octets.
func (s *Scanner) fields() bool {
	if !(s.params() && s.is(' ') && s.nstring(s.Line) && s.is(' ') && s.ntext() && s.is(' ') && s.nstring(MaxWord) && s.is(' ')) {
		return false
	}
	return s.number()
}

// params is NIL or a list of names and values. The client takes a name that is
// empty for none.
func (s *Scanner) params() bool {
	if s.null() {
		return true
	}
	if !s.is('(') {
		return false
	}
	for first := true; !s.is(')'); first = false {
		if !first && !s.is(' ') {
			return false
		}
		name, ok := s.str(s.Line)
		if !ok || len(name) == 0 || !s.is(' ') || s.null() || !s.ntext() {
			return false
		}
	}
	return true
}

// extension is what may follow parameters or an MD5: disposition, language and
// location. What a later standard may add there could be anything, and so the rest of
// an envelope in which the sender of the message has put a quote.
func (s *Scanner) extension() bool {
	if s.peek() == ')' {
		return true
	}
	if !s.is(' ') || !s.disposition() {
		return false
	}
	if s.peek() == ')' {
		return true
	}
	if !s.is(' ') || !s.language() {
		return false
	}
	if s.peek() == ')' {
		return true
	}
	return s.is(' ') && s.nstring(s.Line)
}

func (s *Scanner) disposition() bool {
	if s.null() {
		return true
	}
	if !s.is('(') {
		return false
	}
	_, ok := s.str(MaxWord)
	return ok && s.is(' ') && s.params() && s.is(')')
}

// language is NIL, a string, or a list of strings.
func (s *Scanner) language() bool {
	if s.peek() != '(' {
		return s.nstring(s.Line)
	}
	return s.list(func(s *Scanner) bool {
		_, ok := s.str(s.Line)
		return ok
	})
}
