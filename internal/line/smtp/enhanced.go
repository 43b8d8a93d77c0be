package smtp

import (
	"strconv"
	"strings"
)

// EnhancedCode is an enhanced status code (RFC 3463); zero is none.
type EnhancedCode [3]int

// Enhanced returns the enhanced status code that the text of a reply begins with,
// and the word that it stands in. A code of another class than the reply's is
// none (RFC 2034 §4).
func Enhanced(code int, text string) (e EnhancedCode, word string) {
	word, _, _ = strings.Cut(text, "\n")
	word, _, _ = strings.Cut(word, " ")
	parts := strings.Split(word, ".")
	if len(parts) != len(e) {
		return EnhancedCode{}, ""
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil || len(part) > 3 {
			return EnhancedCode{}, ""
		}
		e[i] = int(n)
	}
	if e[0] != code/100 {
		return EnhancedCode{}, ""
	}
	return e, word
}

// Codes returns the codes of a reply that stands on one line, as Reply.String
// writes it, and zero for what is no reply.
func Codes(reply string) (code int, e EnhancedCode) {
	code, text, _, ok := parse(reply)
	if !ok {
		return 0, EnhancedCode{}
	}
	e, _ = Enhanced(code, text)
	return code, e
}
