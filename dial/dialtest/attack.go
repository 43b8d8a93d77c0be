package dialtest

import (
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/policy"
)

// Attack is what a [MITM] does. Where it concerns STARTTLS it means POP3's
// STLS too.
type Attack uint8

const (
	// Honest forwards everything.
	Honest Attack = iota
	// Strip takes STARTTLS out of the server's lists, an IMAP greeting's
	// included, and answers the command as a server that does not know it.
	Strip
	// Refuse leaves STARTTLS in the lists and answers the command as a server
	// that will not do it now.
	Refuse
	// Inject lets the upgrade through and puts a forged line behind the
	// server's go-ahead, in the same segment.
	Inject
	// InjectPartial is Inject with the beginning of a line, to which the first
	// one inside TLS would be added.
	InjectPartial
	// Stall never answers STARTTLS; on a TLS port, the handshake.
	Stall
	// Cut hangs up on STARTTLS; on a TLS port, on the handshake.
	Cut
	// SwapCertificate ends TLS itself, with a certificate for the right name
	// from a CA that no client trusts, and reads everything if it is accepted.
	SwapCertificate
	// PlainOnTLSPort greets in the clear at once, never answers, and waits for
	// what the client will say.
	PlainOnTLSPort
	numAttacks
)

// String returns the attack's name in words, as in "swap certificate".
func (a Attack) String() string {
	if a >= numAttacks {
		return fmt.Sprintf("attack %d", uint8(a))
	}
	return [...]string{
		"honest", "strip", "refuse", "inject", "inject partial", "stall", "cut",
		"swap certificate", "plain on TLS port",
	}[a]
}

// words are what is said in a protocol's name.
type phrases struct {
	greeting string
	command  string // that demands the upgrade
	unknown  string // answers a command that the server does not know
	refused  string // answers a command that it will not do now
	forged   string // a line that no server sent
}

// phrasesOf returns the words of a protocol; tag is that of an IMAP command.
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
