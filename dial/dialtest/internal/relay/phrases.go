package relay

import (
	"strings"

	"github.com/mailconn/mailconn/policy"
)

// phrases are what is said in a protocol's name.
type phrases struct {
	greeting string
	command  string // that demands the upgrade
	unknown  string // answers a command that the server does not know
	refused  string // answers a command that it will not do now
	forged   string // a line that no server sent
}

// phrasesOf returns the phrases of a protocol; tag is that of an IMAP command.
func phrasesOf(p policy.Protocol, tag string) phrases {
	switch p {
	case policy.IMAP:
		return phrases{"* OK ready", "STARTTLS", tag + " BAD unknown command", tag + " NO not now", "* OK forged"}
	case policy.POP3:
		return phrases{"+OK ready", "STLS", "-ERR unknown command", "-ERR not now", "+OK forged"}
	}
	return phrases{"220 mail.test ESMTP ready", "STARTTLS", "502 5.5.1 unknown command", "454 4.7.0 TLS not available", "250 forged"}
}

// command is what a client has sent last in the clear.
type command struct{ tag, verb string }

// answers reports whether line is the last of the server's answer to c, and
// whether it says yes.
func (c command) answers(p policy.Protocol, line string) (last, yes bool) {
	switch p {
	case policy.IMAP:
		tag, rest, _ := strings.Cut(line, " ")
		return tag == c.tag, hasPrefix(rest, "OK")
	case policy.POP3:
		return true, hasPrefix(line, "+OK")
	}
	return len(line) < 4 || line[3] != '-', hasPrefix(line, "220")
}

// hasPrefix is strings.HasPrefix in any case.
func hasPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
