package smtpconn

import (
	"strconv"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/wire"
)

// refusal makes the wrapped library's error of a reply, whose lines are
// separated by line feeds.
func refusal(code int, text string) *smtp.SMTPError {
	enhanced, prefix := enhancedCode(code, text)
	if prefix != "" {
		// RFC 2034 §4: every line begins with it.
		text = strings.ReplaceAll("\n"+text, "\n"+prefix+" ", "\n")
	}
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: printable(text)}
}

// printable puts a reply's lines on one and makes them fit to be shown.
func printable(text string) string {
	return wire.Printable(strings.TrimSpace(strings.ReplaceAll(text, "\n", " ")))
}

// enhancedCode reads "x.y.z" at the start of a reply, if its class is the
// reply's (RFC 2034 §4), and returns what begins each line.
func enhancedCode(code int, text string) (e smtp.EnhancedCode, prefix string) {
	first, _, _ := strings.Cut(text, "\n")
	word, _, _ := strings.Cut(first, " ")
	parts := strings.Split(word, ".")
	if len(parts) != len(e) {
		return e, ""
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil || len(part) > 3 {
			return smtp.EnhancedCode{}, ""
		}
		e[i] = int(n)
	}
	if e[0] != code/100 {
		return smtp.EnhancedCode{}, ""
	}
	return e, word
}
