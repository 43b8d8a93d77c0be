package pop3

import (
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Protocol returns the facts about POP3.
func Protocol() line.Protocol {
	return line.Protocol{
		Name:    "POP3",
		ALPN:    "pop3",
		Timeout: 30 * time.Second,
		Upgrade: "STLS",
		Greets:  func(text string) bool { _, err := Parse(text); return err == nil },
		Dialect: func(l wire.Lines, _ line.Named) line.Dialect { return New(l) },
		Scribe:  func() line.Scribe { return &scribe{} },
	}
}

var _ line.Dialect = (*Conn)(nil)

// Greet reads the server's greeting, which must be +OK. -ERR is a violation with
// reason ErrRefused.
func (c *Conn) Greet() (line.Greeting, error) {
	r, err := c.Read()
	switch {
	case err != nil:
		return line.Greeting{}, err
	case !r.OK:
		return line.Greeting{}, r.Words().Violation(policy.ErrRefused)
	}
	return line.Greeting{Text: r.Text}, c.Quiet()
}

// Capabilities asks CAPA.
func (c *Conn) Capabilities() (line.List, error) {
	r, err := c.Command("CAPA")
	if err != nil {
		return line.List{}, err
	}
	return c.CapabilityList(r)
}

// CapabilityList reads what follows the status line of an answer to CAPA. A plain
// -ERR means a server older than RFC 2449, which has no list; one that says that the
// server is in trouble refuses the list.
func (c *Conn) CapabilityList(r Reply) (line.List, error) {
	code := r.Code()
	inTrouble := Known(code) == CodeInUse || strings.HasPrefix(code, "SYS/")
	switch {
	case !r.OK && inTrouble:
		return line.List{Status: line.Refused, Reply: r.Words()}, nil
	case !r.OK:
		return line.List{Status: line.NoList, Reply: r.Words()}, nil
	}
	list := line.List{Entries: make([]string, 0, 16)}
	err := c.Multiline(func(text string, odd error) error {
		list.Entries = append(list.Entries, capability(text))
		return odd
	})
	if err != nil {
		return line.List{}, err
	}
	return list, nil
}

// capability returns an entry of the list with its tag in upper case and one blank
// between words.
func capability(text string) string {
	text = wire.Squeeze(text)
	tag, _, _ := strings.Cut(text, " ")
	if upper := wire.Upper(tag); upper != tag {
		return upper + text[len(tag):]
	}
	return text
}

// StartTLS sends STLS (RFC 2595 §4).
func (c *Conn) StartTLS() (line.Answer, error) {
	r, err := c.Command("STLS")
	return line.Answer{Accepted: r.OK, Reply: r.Words()}, err
}

// WithoutList returns an empty list: a server that does not know CAPA has no
// extensions (RFC 2449 §5).
func (c *Conn) WithoutList(line.Reply, bool) ([]string, error) { return []string{}, nil }

// Ready returns a violation if something waits that answers no command.
func (c *Conn) Ready([]string) error { return c.Quiet() }
