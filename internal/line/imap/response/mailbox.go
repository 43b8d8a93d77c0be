package response

import (
	"unicode/utf16"
	"unicode/utf8"
)

// mailbox is a mailbox's name, which the client decodes from modified UTF-7.
func (s *Scanner) mailbox() bool {
	start := s.i
	if c := s.peek(); c == '"' || c == '{' {
		name, ok := s.str(s.Line)
		return ok && Decodes(name)
	}
	return s.astring() && Decodes(s.b[start:s.i])
}

// Decodes reports whether a mailbox's name is modified UTF-7, or UTF-8, that go-imap
// can decode (RFC 9051 Appendix A.1).
func Decodes(name []byte) bool {
	if !utf8.Valid(name) {
		return false
	}
	shifted := false // the last thing was base64
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c < ' ' || c == 0x7f:
			return false
		case c != '&':
			shifted = false
			continue
		}
		start := i + 1
		for i = start; i < len(name) && name[i] != '-'; i++ {
		}
		switch {
		case i == len(name):
			return false
		case i == start:
			shifted = false
		case shifted || !decodesUTF16(name[start:i]):
			return false
		default:
			shifted = true
		}
	}
	return true
}

// decodesUTF16 reports whether b is base64, with a comma in place of the slash, of
// UTF-16 that has no printable ASCII in it.
func decodesUTF16(b []byte) bool {
	var bits, n uint32
	var high rune // a surrogate that waits for its second half
	units := 0
	for _, c := range b {
		v, ok := base64Value(c)
		if !ok {
			return false
		}
		bits, n = bits<<6|v, n+6
		if n < 16 {
			continue
		}
		n -= 16
		r := rune(bits >> n & 0xffff)
		units++
		switch {
		case high != 0:
			if utf16.DecodeRune(high, r) == utf8.RuneError {
				return false
			}
			high = 0
		case utf16.IsSurrogate(r):
			high = r
		case ' ' <= r && r <= '~':
			return false
		}
	}
	return units > 0 && high == 0 && len(b)%4 != 1 && n < 8
}

func base64Value(c byte) (uint32, bool) {
	switch {
	case 'A' <= c && c <= 'Z':
		return uint32(c - 'A'), true
	case 'a' <= c && c <= 'z':
		return uint32(c-'a') + 26, true
	case '0' <= c && c <= '9':
		return uint32(c-'0') + 52, true
	case c == '+':
		return 62, true
	case c == ',':
		return 63, true
	}
	return 0, false
}
