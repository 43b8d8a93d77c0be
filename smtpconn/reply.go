package smtpconn

import (
	"fmt"
	"strings"

	"github.com/emersion/go-smtp"

	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
	"github.com/mailconn/mailconn/internal/wire"
)

// refusal makes go-smtp's error of a reply, whose lines are separated by line
// feeds. Its text is printable and stands on one line.
func refusal(code int, text string) *smtp.SMTPError {
	enhanced, word := smtpline.Enhanced(code, text)
	if word != "" { // RFC 2034 §4: every line begins with it
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			if rest, ok := strings.CutPrefix(line, word); ok && (rest == "" || rest[0] == ' ') {
				lines[i] = strings.TrimPrefix(rest, " ")
			}
		}
		text = strings.Join(lines, "\n")
	}
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode(enhanced), Message: printable(text)}
}

// maxMessage is the length of a reply's text: with its codes, and with what go-smtp puts
// ahead of it, an error's text has at most 512 bytes.
const maxMessage = 480

// printable puts the lines of a reply on one and makes them fit to be shown.
func printable(text string) string {
	return wire.PrintableUpTo(strings.TrimSpace(strings.ReplaceAll(text, "\n", " ")), maxMessage)
}

// replyLine returns a reply on one line, as it was said.
func replyLine(r *smtp.SMTPError) string {
	s := fmt.Sprint(r.Code)
	if e := r.EnhancedCode; e != (smtp.EnhancedCode{}) {
		s += fmt.Sprintf(" %d.%d.%d", e[0], e[1], e[2])
	}
	return strings.TrimRight(s+" "+r.Message, " ")
}

// aboutClient is [transaction.AboutClient] of a reply.
func aboutClient(r *smtp.SMTPError) bool {
	return transaction.AboutClient(r.Code, smtpline.EnhancedCode(r.EnhancedCode), r.Message)
}
