package smtpconn

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/mailconn/mailconn/internal/wire"
)

// ErrAddress says that an address cannot stand in a command: it is too long, not
// UTF-8, or has a control, blank or angle bracket where only quotes would permit
// one (and controls not even there). [NewEnvelope] takes addresses as they stand
// in a header.
var ErrAddress = errors.New("smtpconn: not an address that a command can hold")

// maxAddress is what RFC 5321 §4.5.3.1 allows local part and domain together.
const maxAddress = 64 + 1 + 255

func checkAddress(s string) error {
	if s == "" || len(s) > maxAddress || !utf8.ValidString(s) || !isPath(s) {
		return fmt.Errorf("%w: %q", ErrAddress, s[:min(len(s), maxAddress)])
	}
	return nil
}

// isPath reports whether s can stand between the angle brackets of a path: a
// reader that looks for the closing bracket finds ours and no other.
func isPath(s string) bool {
	lineEnd := func(r rune) bool { return r >= 0x80 && r <= 0x9f || r == 0x2028 || r == 0x2029 } // to some readers
	if strings.ContainsFunc(s, lineEnd) {
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

// domain returns the part of an address behind the last @.
func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// asciiAddress returns an address whose domain is an A-label, and whether that
// makes all of it ASCII.
func asciiAddress(address string) (string, bool) {
	name := domain(address)
	local := address[:len(address)-len(name)]
	if !wire.IsASCII(local) {
		return "", false
	}
	label, err := idna.Lookup.ToASCII(name)
	return local + label, err == nil
}
