package transaction

import (
	"slices"
	"strings"

	"github.com/mailconn/mailconn/internal/line/smtp"
)

// AboutClient reports whether a refusal is about the client or the server rather
// than about a message or a recipient: a login or TLS is wanted, messages come too
// often, the client may not relay, the server is full, or it is out of step.
//
// Codes decide where there are any that say so. The rest of what is said about
// clients comes as x.7.0 and x.7.1, with which servers also refuse what they think
// is spam, or without an enhanced code: there the words decide.
func AboutClient(code int, enhanced smtp.EnhancedCode, text string) bool {
	subject, detail := enhanced[1], enhanced[2]
	switch {
	case slices.Contains(clientCodes, code):
		return true
	case subject == 3:
		return detail != 3 && detail != 4 // RFC 3463 §3.4: features and size are the message's
	case subject == 4 && (detail == 2 || detail == 5):
		return true // bad connection; congestion, and what some call a quota
	case subject == 5:
		return detail == 1 // RFC 5248: commands out of order
	case subject == 7 && (slices.Contains(clientDetails, detail) || detail >= 600 && detail < 760):
		return true
	case subject == 7 && detail <= 1, subject == 4, subject == 0:
		return speaks(text, clientWords) || SpeaksOfConnections(text)
	}
	return false
}

// AboutConnections reports whether a refusal is of one connection more: 421, or x.3.2
// (RFC 5321 §3.8, RFC 3463 §3.4), or words that say so, which some servers send with
// codes of their own choice.
func AboutConnections(code int, enhanced smtp.EnhancedCode, text string) bool {
	return code == smtp.ServiceClosing || enhanced[1] == 3 && enhanced[2] == 2 || SpeaksOfConnections(text)
}

// SpeaksOfConnections reports whether the text of a refusal says that there are too many
// connections.
func SpeaksOfConnections(text string) bool { return speaks(text, connectionWords) }

// TooManyRecipients reports whether a refusal is of one recipient more in a message, which
// is to be sent to some of them at a time: x.5.3 (RFC 3463 §3.6), or 452, and 552 of older
// servers, in words that say so (RFC 5321 §4.5.3.1.10).
func TooManyRecipients(code int, enhanced [3]int, text string) bool {
	said := enhanced[1] == 5 && enhanced[2] == 3 || (code == 452 || code == 552) && speaks(text, recipientWords)
	return said && !AboutClient(code, enhanced, text)
}

// speaks reports whether a text has one of some words.
func speaks(text string, of []string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(of, func(words string) bool { return strings.Contains(text, words) })
}

// clientCodes are basic codes: no service, a login is wanted or judged, commands
// that are unknown or out of order.
var clientCodes = []int{smtp.ServiceClosing, 432, 454, 500, 502, 503, 530, 534, 535, 538}

// clientDetails are those of x.7.z: TLS, logins and passwords (RFC 4954, RFC 5248), an
// address without a name (RFC 7372), and of a large provider: not authenticated, no
// relaying, a bad reputation. Its 600 to 759 are blocked and limited addresses and
// accounts.
var clientDetails = []int{3, 8, 9, 10, 11, 12, 14, 25, 30, 54, 57, 139, 501, 502, 503, 508, 511, 850}

// clientWords are of servers in use.
var clientWords = []string{
	"authentication required", "authentication is required", "not authenticated", "unauthenticated sender", "must authenticate",
	"authenticate first", "auth first", "auth required", "smtp auth", "login required", "log in first", "log in before", "login before",
	"must log in", "starttls", "tls required", "tls is required", "requires tls", "encryption needed", "encryption required",
	"too many messages", "too many mails", "too many emails", "too much mail", "too many errors",
	"rate limit", "ratelimit", "rate exceeded", "sending rate", "sending limit", "message rate", "throttl", "sending quota",
	"per second", "per minute", "per hour", "per day", "this hour", "last hour", "hourly limit", "hourly quota", "daily limit",
	"daily quota", "insufficient credit", "no credit", "out of credit", "sending activity", "sending blocked", "for sending",
	"relay access denied", "relaying", "relay not permitted", "not permitted to relay", "unable to relay", "not relay", "relay denied",
	"rcpthosts", "not a gateway", "client host", "your ip", "ip address",
	"local problem", "internal error", "internal server error", "system busy", "system is busy", "server busy", "server is busy",
	"configuration problem",
}

var recipientWords = []string{"too many recipients", "too many rcpt"}

// connectionWords are of servers in use, too. A rate of connections is none of them.
var connectionWords = []string{
	"too many connection", "too many concurrent", "too many simultaneous", "too many open connection", "too many sessions",
	"concurrent connections", "simultaneous connections", "connection limit", "connections limit", "maximum number of connections",
}
