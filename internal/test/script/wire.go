package script

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/policy"
)

// Leaks returns those of the secrets that a client sent in the clear, as they
// are or in base64 at any alignment; nil if there are none.
func Leaks(clear []byte, secrets ...string) []string {
	var found []string
	for _, s := range secrets {
		if s != "" && slices.ContainsFunc(encodings(s), func(e string) bool { return strings.Contains(string(clear), e) }) {
			found = append(found, s)
		}
	}
	return found
}

// encodings returns s and what base64 makes of it wherever it begins in a longer
// text, without the characters that also depend on its neighbours.
func encodings(s string) []string {
	all := []string{s}
	for pad := range 3 {
		text := base64.RawStdEncoding.EncodeToString([]byte("\x00\x00\x00"[:pad] + s))
		from, to := (pad*8+5)/6, (pad+len(s))*8/6
		if from < to {
			all = append(all, text[from:to])
		}
	}
	return all
}

// Forbidden returns the lines that a client with policy p should not have sent
// in the clear. Where TLS comes after a command the client may say EHLO, HELO,
// LHLO, CAPABILITY, CAPA, STARTTLS, STLS, NOOP, QUIT and LOGOUT before the
// handshake. Where TLS comes first it may say nothing, and under NoTLS anything.
func Forbidden(clear []byte, protocol policy.Protocol, p policy.Policy) []string {
	var found []string
	for line := range strings.Lines(string(clear)) {
		if _, verb := ParseCommand(protocol, line); p == policy.ImplicitTLS || p.STARTTLS() && !allowed(verb) {
			found = append(found, strings.TrimRight(line, "\r\n"))
		}
	}
	return found
}

func allowed(verb string) bool {
	switch verb {
	case "EHLO", "HELO", "LHLO", "CAPABILITY", "CAPA", "STARTTLS", "STLS", "NOOP", "QUIT", "LOGOUT":
		return true
	}
	return false
}

// ParseCommand returns the tag of a client's line, which only IMAP has, and its
// command in upper case.
func ParseCommand(p policy.Protocol, line string) (tag, verb string) {
	fields := strings.Fields(line)
	if p == policy.IMAP && len(fields) > 0 {
		tag, fields = fields[0], fields[1:]
	}
	if len(fields) > 0 {
		verb = strings.ToUpper(fields[0])
	}
	return tag, verb
}
