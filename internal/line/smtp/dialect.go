package smtp

import (
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Protocol returns the facts about the submission of mail (RFC 6409).
func Protocol() line.Protocol {
	return line.Protocol{
		Name:      "SMTP",
		Timeout:   30 * time.Second,
		Upgrade:   "STARTTLS",
		ListFirst: true,
		Greets:    greets,
		Dialect:   func(l wire.Lines, client line.Named) line.Dialect { return &Conn{l, client} },
		Scribe:    func() line.Scribe { return &scribe{} },
	}
}

// Relay returns the facts about SMTP between servers (RFC 5321), where greetings
// are delayed on purpose (§4.5.3.2.1).
func Relay() line.Protocol {
	p := Protocol()
	p.Timeout = 5 * time.Minute
	return p
}

func greets(text string) bool {
	return strings.HasPrefix(text, "220") || strings.HasPrefix(text, "421") || strings.HasPrefix(text, "554")
}

var _ line.Dialect = (*Conn)(nil)

// Greet reads the server's greeting, which must be 220. Any other reply is a
// violation with reason ErrRefused.
func (c *Conn) Greet() (line.Greeting, error) {
	r, err := c.Read()
	switch {
	case err != nil:
		return line.Greeting{}, err
	case r.Code != 220:
		refusal := r.Words()
		if contains(r, soonWords) {
			refusal.Cause = line.ErrTooSoon
		}
		return line.Greeting{}, refusal.Violation(policy.ErrRefused)
	}
	return line.Greeting{Text: r.String()}, c.Ready(nil)
}

// Capabilities says EHLO. A server that does not know it answers 500, 502 or 504,
// and has no list, unless its words are about the client's name; 4yz is a violation
// with reason ErrRefused.
func (c *Conn) Capabilities() (line.List, error) {
	r, err := c.Command("EHLO " + c.Client.LocalName())
	switch {
	case err != nil:
		return line.List{}, err
	case r.Code == 250:
		return line.List{Entries: Keywords(r)}, nil
	case r.Code >= 500 && isAboutName(r):
		refusal := r.Words()
		refusal.Cause = line.ErrClientName
		return line.List{Status: line.Refused, Reply: refusal}, nil
	case r.Code == 500 || r.Code == 502 || r.Code == 504:
		return line.List{Status: line.NoList, Reply: r.Words()}, nil
	case r.Code >= 500:
		return line.List{Status: line.Refused, Reply: r.Words()}, nil
	}
	return line.List{}, unaccepted(r)
}

// isAboutName reports whether a refusal of EHLO or HELO is about the name after it
// and not about the command: it is an error in the argument, which 501 and X.5.4 say
// (RFC 5321 §4.2.3, RFC 3463 §3.6), or in words of servers in use.
func isAboutName(r Reply) bool {
	if code, enhanced := Codes(r.String()); code == 501 || enhanced[1] == 5 && enhanced[2] == 4 {
		return true
	}
	return contains(r, nameWords)
}

// contains reports whether one of words is in a reply, in any case.
func contains(r Reply, words []string) bool {
	text := strings.ToLower(r.String())
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// soonWords are of servers that do not take what comes before their greeting (RFC 5321
// §3.1).
var soonWords = []string{"synchroni", "too soon", "talks before", "before greeting", "before banner", "early talker", "protocol error"}

var nameWords = []string{
	"hostname", "host name", "fully-qualified", "fully qualified", "fqdn", "valid domain", "domain name", "requires domain",
	"helo name", "ehlo name", "invalid name", "localhost", "argument", "command rejected", "valid helo", "valid ehlo", "bad helo",
	"bad ehlo", "bogus", "your helo", "your ehlo", "helo string", "ehlo string", "forged",
}

// StartTLS sends STARTTLS (RFC 3207 §4). Only 220 accepts; a reply that neither
// accepts nor refuses is malformed.
func (c *Conn) StartTLS() (line.Answer, error) {
	r, err := c.Command("STARTTLS")
	switch {
	case err != nil:
		return line.Answer{}, err
	case r.Code == 220 || r.Refused():
		return line.Answer{Accepted: r.Code == 220, Reply: r.Words()}, nil
	}
	return line.Answer{}, unaccepted(r)
}

// WithoutList says HELO in the clear to a server that does not know EHLO, whose
// list is empty. Inside TLS there is no such server: one that had STARTTLS, or
// a port for TLS, knows EHLO.
func (c *Conn) WithoutList(refusal line.Reply, secure bool) ([]string, error) {
	if secure {
		return nil, refusal.Violation(policy.ErrRefused)
	}
	r, err := c.Command("HELO " + c.Client.LocalName())
	switch {
	case err != nil:
		return nil, err
	case r.Code == 250:
		return []string{}, nil
	}
	return nil, unaccepted(r)
}

// unaccepted returns the violation of a reply that is not the one that accepts.
func unaccepted(r Reply) error {
	words := r.Words()
	if !r.Refused() {
		return words.Violation(policy.ErrMalformed)
	}
	if isAboutName(r) {
		words.Cause = line.ErrClientName
	}
	return words.Violation(policy.ErrRefused)
}
