package response

// mailboxList is the data of a LIST (RFC 9051 §7.3.1).
func (s *Scanner) mailboxList() bool {
	if !s.list((*Scanner).flag) || !s.is(' ') || !s.delimiter() || !s.is(' ') || !s.mailbox() {
		return false
	}
	return !s.is(' ') || s.list((*Scanner).listItem)
}

// delimiter is NIL or one character in quotes.
func (s *Scanner) delimiter() bool {
	if s.null() {
		return true
	}
	if !s.is('"') {
		return false
	}
	escaped := s.is('\\')
	c := s.peek()
	if c < ' ' || c >= 0x7f || c == '"' && !escaped {
		return false
	}
	s.i++
	return s.is('"')
}

// listItem is an extended item of a LIST, a name and a value. The client reads two
// of them.
func (s *Scanner) listItem() bool {
	switch {
	case s.word("CHILDINFO "), s.word(`"CHILDINFO" `):
		return s.list((*Scanner).astring)
	case s.word("OLDNAME "), s.word(`"OLDNAME" `):
		return s.is('(') && s.mailbox() && s.is(')')
	}
	return false
}

// statusAttList is the list of a STATUS (RFC 9051 §7.3.2).
func (s *Scanner) statusAttList() bool { return s.list((*Scanner).statusAtt) }

func (s *Scanner) statusAtt() bool {
	switch {
	case s.word("MESSAGES "), s.word("UIDNEXT "), s.word("UIDVALIDITY "), s.word("UNSEEN "), s.word("DELETED "):
		return s.number()
	case s.word("SIZE "), s.word("DELETED-STORAGE "), s.word("HIGHESTMODSEQ "):
		return s.number64(maxNumber64)
	case s.word("APPENDLIMIT "): // RFC 7889 §3.2
		return s.null() || s.number()
	}
	return false
}

// numbers is the list of a SEARCH or a SORT. Those of a SEARCH rise, as building the
// set of others takes the client the square of their number.
func (s *Scanner) numbers(rising bool) bool {
	var last uint32
	for s.peek() != '\r' {
		if last > 0 && !s.is(' ') {
			return false
		}
		if s.peek() == '(' { // RFC 7162 §3.1.5
			return rising && last > 0 && s.word("(MODSEQ ") && s.number64(maxNumber64) && s.is(')')
		}
		n, ok := s.nzNumber()
		if !ok || rising && n <= last {
			return false
		}
		last = n
	}
	return true
}

// esearch is the data of an ESEARCH (RFC 9051 §7.3.4).
func (s *Scanner) esearch() bool {
	if !s.word("(TAG ") || !s.astring() || !s.is(')') {
		return false
	}
	if s.word(" UID") && s.peek() != ' ' && s.peek() != '\r' {
		return false
	}
	for s.is(' ') {
		ok := false
		switch {
		case s.word("MIN "), s.word("MAX "), s.word("COUNT "):
			ok = s.number()
		case s.word("MODSEQ "):
			ok = s.number64(maxNumber64)
		case s.word("ALL "):
			_, ok = s.set()
		}
		if !ok {
			return false
		}
	}
	return true
}

// threads is the data of a THREAD (RFC 5256 §4).
func (s *Scanner) threads() bool {
	for s.peek() == '(' {
		if !s.thread() {
			return false
		}
	}
	return true
}

// thread is numbers, and then the threads into which they branch.
func (s *Scanner) thread() bool {
	if !s.enter() {
		return false
	}
	numbers, last := 0, byte('(')
	for s.peek() != ')' {
		switch c := s.peek(); {
		case c == '(':
			if !s.thread() {
				return false
			}
		case last == ')':
			return false
		default:
			if numbers > 0 && !s.is(' ') {
				return false
			}
			if s.peek() == '(' {
				continue
			}
			if !s.number() {
				return false
			}
			numbers++
		}
		last = s.b[s.i-1]
	}
	s.depth--
	return s.is(')') && last != '('
}

// metadata is the data of a METADATA: entries with their values, or the names of
// entries that have changed (RFC 5464 §4.4).
func (s *Scanner) metadata() bool {
	if !s.mailbox() || !s.is(' ') {
		return false
	}
	if s.peek() == '(' {
		return s.list((*Scanner).entry)
	}
	return s.astring() && s.astrings(1)
}

func (s *Scanner) entry() bool {
	return s.astring() && s.is(' ') && s.nstring(s.Literal)
}

// idParams is NIL or a list of fields and values (RFC 2971 §3.2). The client does
// not read a value that is NIL.
func (s *Scanner) idParams() bool {
	if s.null() {
		return true
	}
	return s.list(func(s *Scanner) bool {
		name, ok := s.str(s.Line)
		if !ok || len(name) == 0 || !s.is(' ') {
			return false
		}
		_, ok = s.str(s.Line)
		return ok
	})
}

// namespace is NIL or a list of prefixes with their delimiters (RFC 9051 §7.3.5).
func (s *Scanner) namespace() bool {
	if s.null() {
		return true
	}
	if !s.is('(') {
		return false
	}
	for !s.is(')') {
		if !s.is('(') {
			return false
		}
		if _, ok := s.str(s.Line); !ok || !s.is(' ') || !s.delimiter() {
			return false
		}
		for s.is(' ') { // Namespace-Response-Extension
			if !s.value() {
				return false
			}
		}
		if !s.is(')') {
			return false
		}
	}
	return true
}

// quotaList is the list of a QUOTA: resources, usage and limit (RFC 9208 §4.2.1).
func (s *Scanner) quotaList() bool {
	return s.list(func(s *Scanner) bool {
		return s.atom() && s.is(' ') && s.number64(maxNumber64) && s.is(' ') && s.number64(maxNumber64)
	})
}
