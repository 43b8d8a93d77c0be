// Package protocols is the table of the mail protocols: a row for each.
package protocols

import (
	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/line/imap"
	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/policy"
)

// Of returns the facts about a protocol, and the zero value for none.
func Of(p policy.Protocol) line.Protocol {
	switch p {
	case policy.IMAP:
		return imap.Protocol()
	case policy.POP3:
		return pop3.Protocol()
	case policy.Submission:
		return smtp.Protocol()
	case policy.SMTP:
		return smtp.Relay()
	}
	return line.Protocol{}
}

// Greeting returns the name of the protocol whose servers begin with text, and ""
// if there is none.
func Greeting(text string) string {
	for p := policy.IMAP; p.Valid(); p++ {
		if row := Of(p); row.Greets(text) {
			return row.Name
		}
	}
	return ""
}
