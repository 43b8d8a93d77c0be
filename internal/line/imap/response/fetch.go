package response

import "bytes"

// fetch scans the list of a FETCH (RFC 9051 §7.5.2).
func (s *Scanner) fetch() bool {
	if !s.is('(') {
		return false
	}
	if s.is(')') {
		return !s.open
	}
	return s.item() && s.moreItems()
}

// moreItems scans what is left of the list after an item.
func (s *Scanner) moreItems() bool {
	for !s.is(')') {
		if s.open && s.i == len(s.b) {
			return true
		}
		if !s.is(' ') || !s.item() {
			return false
		}
	}
	return !s.open
}

// maxItems is after how many items the client no longer looks for the UID.
const maxItems = 32

// item scans an item of a FETCH, msg-att in RFC 9051's grammar. No item but a body may
// come twice: the sender of a message can make a server that does not escape quotes
// write a second one.
func (s *Scanner) item() bool {
	s.items++
	start := s.i
	for s.i < len(s.b) && s.b[s.i] != ' ' && s.b[s.i] != '[' && s.b[s.i] != ')' {
		s.i++
	}
	name := s.b[start:s.i]
	if s.peek() == '[' {
		return s.sectionItem(name)
	}
	if !s.is(' ') {
		return false
	}
	switch string(name) {
	case "UID":
		uid, ok := s.nzNumber()
		if s.Body && !s.tail || s.UID != 0 || s.items > maxItems {
			return false // the client would not look for it, or twice
		}
		s.UID = uid
		return ok
	case "FLAGS":
		return s.once(1<<0) && s.flagList()
	case "MODSEQ": // RFC 7162 §3.1.4.1
		return s.once(1<<1) && s.is('(') && s.number64(maxNumber64) && s.is(')')
	}
	s.Asked = true
	switch string(name) {
	case "RFC822.SIZE":
		return s.once(1<<2) && s.number64(maxNumber64)
	case "INTERNALDATE":
		return s.once(1<<3) && s.dateTime()
	case "ENVELOPE":
		return s.once(1<<4) && s.envelope()
	case "BODYSTRUCTURE":
		return s.once(1<<5) && s.bodyStructure()
	case "BODY":
		return s.once(1<<6) && s.bodyStructure()
	}
	return false
}

// once reports whether an item, which has this bit, has not come before.
func (s *Scanner) once(bit uint8) bool {
	seen := s.seen&bit != 0
	s.seen |= bit
	return !seen
}

// sectionItem scans an item with a section after its name.
func (s *Scanner) sectionItem(name []byte) bool {
	s.is('[')
	s.Asked = true
	switch string(name) {
	case "BODY":
		return s.section() && s.is(' ') && s.body()
	case "BINARY":
		ok := s.sectionBinary() && s.is(' ')
		s.is('~')
		return ok && s.body()
	case "BINARY.SIZE":
		return s.sectionBinary() && s.is(' ') && s.number()
	}
	return false
}

// body scans a body: an nstring, whose literal may be too large to be held.
func (s *Scanner) body() bool {
	s.Body = true
	if s.open {
		if i := bytes.IndexByte(s.b[s.i:], '\n'); i >= 0 && s.i+i+1 == len(s.b) {
			return s.announcement()
		}
	}
	return s.nstring(Inline)
}

// announcement scans the announcement of a body that is not in the buffer.
func (s *Scanner) announcement() bool {
	return s.is('{') && s.number64(maxNumber64) && s.is('}') && s.is('\r') && s.is('\n')
}

// section is section-spec with its brackets' end and its origin (RFC 9051 §7.5.2).
func (s *Scanner) section() bool {
	parts, dot := s.parts()
	if dot || !parts {
		if !s.sectionText(parts) {
			return false
		}
	}
	if !s.is(']') {
		return false
	}
	return !s.is('<') || s.number() && s.is('>')
}

// sectionText is what stands after the part numbers, or in their place.
func (s *Scanner) sectionText(parts bool) bool {
	switch {
	case s.word("HEADER.FIELDS.NOT ") || s.word("HEADER.FIELDS "):
		return s.list((*Scanner).astring)
	case s.word("HEADER") || s.word("TEXT"):
		return true
	case parts:
		return s.word("MIME")
	}
	return true // the whole message
}

// parts is a part's number, as 1.2.3. dot tells that a dot follows it.
func (s *Scanner) parts() (some, dot bool) {
	for n := s.peek(); '0' <= n && n <= '9'; n = s.peek() {
		if !s.number() {
			return true, true // what follows is no section
		}
		if !s.is('.') {
			return true, false
		}
		some, dot = true, true
	}
	return some, dot
}

// sectionBinary is the section of a BINARY item (RFC 9051 §7.5.2).
func (s *Scanner) sectionBinary() bool {
	_, dot := s.parts()
	return !dot && s.is(']')
}

// flagList is a list of flags, of which "\*" may be one.
func (s *Scanner) flagList() bool { return s.list((*Scanner).flag) }

func (s *Scanner) flag() bool {
	if s.is('\\') && s.is('*') {
		s.words++
		return true
	}
	return s.atom()
}
