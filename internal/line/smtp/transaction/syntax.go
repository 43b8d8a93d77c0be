package transaction

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/mailconn/mailconn/internal/wire"
)

// MaxPath is how many bytes RFC 5321 §4.5.3.1 allows local part and domain together.
const MaxPath = 64 + 1 + 255

// IsPath reports whether s, in UTF-8, can stand between the angle brackets of a path:
// a reader that looks for the closing bracket finds ours and no other.
func IsPath(s string) bool {
	lineEnd := func(r rune) bool { return r >= 0x80 && r <= 0x9f || r == 0x2028 || r == 0x2029 } // to some readers
	if s == "" || len(s) > MaxPath || !utf8.ValidString(s) || strings.ContainsFunc(s, lineEnd) {
		return false
	}
	quoted := false
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b < ' ' || b == 0x7f:
			return false
		case quoted && b == '\\':
			if i++; i == len(s) || s[i] < ' ' || s[i] >= 0x7f {
				return false
			}
		case b == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(` <>\`, b) >= 0:
			return false
		}
	}
	return !quoted
}

// Domain returns the part of an address after the last @.
func Domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// ASCIIAddress returns an address whose domain is an A-label (RFC 5890), and whether
// that makes all of it ASCII.
func ASCIIAddress(address string) (string, bool) {
	name := Domain(address)
	local := address[:len(address)-len(name)]
	if !wire.IsASCII(local) {
		return "", false
	}
	label, err := idna.Lookup.ToASCII(name)
	return local + label, err == nil
}

// IsPrintableASCII reports whether s has nothing but printable characters of ASCII,
// the blank included.
func IsPrintableASCII[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// AppendXtext appends s as xtext (RFC 3461 §4).
func AppendXtext(dst []byte, s string) []byte {
	for _, b := range []byte(s) {
		if b <= ' ' || b >= 0x7f || b == '+' || b == '=' {
			dst = fmt.Appendf(dst, "+%02X", b)
		} else {
			dst = append(dst, b)
		}
	}
	return dst
}

// AppendUnitext appends s as utf-8-addr-unitext, or as utf-8-addr-xtext where only
// ASCII is taken (RFC 6533 §3).
func AppendUnitext(dst []byte, s string, utf8 bool) []byte {
	for _, r := range s {
		special := r <= ' ' || r == 0x7f || r == '+' || r == '=' || r == '\\'
		if special || r > 0x7f && (!utf8 || r <= 0x9f || r == 0x2028 || r == 0x2029) {
			dst = fmt.Appendf(dst, `\x{%X}`, r)
		} else {
			dst = append(dst, string(r)...)
		}
	}
	return dst
}
