package response

import (
	"unicode"
	"unicode/utf8"
)

// respText is what follows OK, NO, BAD and BYE: a code, perhaps, and a text
// (RFC 9051 §7.1). Servers leave the text out, which the client reads.
func (s *Scanner) respText() bool {
	if s.peek() != '[' {
		return s.text()
	}
	if !s.code() {
		return false
	}
	return s.peek() == '\r' || s.is(' ') && s.text()
}

// text is what a person reads: printable, so that it can be part of an error, and
// no code.
func (s *Scanner) text() bool {
	start := s.i
	for s.printable(); s.peek() >= utf8.RuneSelf; s.printable() {
		r, n := utf8.DecodeRune(s.b[s.i:])
		if !unicode.IsPrint(r) {
			return false
		}
		s.i += n
	}
	return s.i-start <= MaxText && (s.i == start || s.b[start] != '[' && s.b[start] != ' ')
}

// printable is any text in printable ASCII.
func (s *Scanner) printable() bool {
	for s.i < len(s.b) && s.b[s.i] >= ' ' && s.b[s.i] < 0x7f {
		s.i++
	}
	return true
}

// code is a response code in its brackets.
func (s *Scanner) code() bool {
	s.is('[')
	start := s.i
	if !s.atom() {
		return false
	}
	name := s.b[start:s.i]
	if !s.codeArgs(name) {
		return false
	}
	return s.is(']')
}

// codeArgs scans the arguments of those codes that the client reads, and passes over
// those of others.
func (s *Scanner) codeArgs(name []byte) bool {
	switch string(name) {
	case "CAPABILITY":
		return s.is(' ') && s.capabilities()
	case "PERMANENTFLAGS":
		return s.is(' ') && s.flagList()
	case "UIDNEXT", "UIDVALIDITY":
		return s.is(' ') && s.number()
	case "HIGHESTMODSEQ":
		return s.is(' ') && s.number64(maxNumber64)
	case "APPENDUID": // RFC 4315 §3
		return s.is(' ') && s.number() && s.is(' ') && s.number()
	case "COPYUID": // RFC 4315 §3
		return s.is(' ') && s.number() && s.is(' ') && s.sets()
	}
	for _, c := range name {
		if 'a' <= c && c <= 'z' {
			return false
		}
	}
	if s.is(' ') {
		for c := s.peek(); c >= ' ' && c < 0x7f && c != ']'; c = s.peek() {
			s.i++
		}
	}
	return true
}

// sets are the two sets of a COPYUID, which have as many numbers each.
func (s *Scanner) sets() bool {
	from, ok := s.set()
	if !ok || !s.is(' ') {
		return false
	}
	to, ok := s.set()
	return ok && from == to
}

// set is a set of numbers that rise, and returns how many it stands for. Building
// one that falls takes the client the square of its length.
func (s *Scanner) set() (count uint64, ok bool) {
	var last uint64
	for {
		low, ok := s.nzNumber()
		high := low
		if ok && s.is(':') {
			high, ok = s.nzNumber()
		}
		if !ok || uint64(low) <= last || high < low {
			return 0, false
		}
		if count += uint64(high-low) + 1; count > uint64(s.Set) {
			return 0, false
		}
		if last = uint64(high); !s.is(',') {
			return count, true
		}
	}
}

// capabilities is a list of atoms; the blank before the first is passed already.
func (s *Scanner) capabilities() bool {
	for {
		if !s.atom() {
			return false
		}
		if !s.is(' ') {
			return true
		}
	}
}
