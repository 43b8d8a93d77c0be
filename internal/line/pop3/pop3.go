// Package pop3 speaks POP3 one command at a time: status lines, multi-line
// answers, capabilities (RFC 1939, RFC 2449).
package pop3

import (
	"strings"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Reply is a status line.
type Reply struct {
	OK   bool   // +OK; false is -ERR
	Text string // behind the indicator
}

// Parse reads a status line: the indicator in any case, then a blank or the
// end. Everything else is malformed.
func Parse(text string) (Reply, error) {
	indicator, rest, _ := strings.Cut(text, " ")
	switch wire.Upper(indicator) {
	case "+OK":
		return Reply{OK: true, Text: rest}, nil
	case "-ERR":
		return Reply{Text: rest}, nil
	}
	return Reply{}, wire.Violation(policy.ErrMalformed, text)
}

// String returns the reply as the server sent it, but for the indicator's case.
func (r Reply) String() string {
	indicator := "-ERR"
	if r.OK {
		indicator = "+OK"
	}
	return strings.TrimRight(indicator+" "+r.Text, " ")
}

// Words returns the reply as the server's words.
func (r Reply) Words() line.Reply {
	return line.Reply{Text: r.String(), Transient: Transient(Known(r.Code()))}
}

// Conn is a POP3 conversation in lines. What it sends is answered in order, so a
// reply that is there before its command was sent is a violation with reason
// ErrInjected.
type Conn struct{ *wire.Lines }

// New returns a Conn over l.
func New(l *wire.Lines) *Conn { return &Conn{l} }

// Read reads one status line.
func (c *Conn) Read() (Reply, error) {
	text, err := c.ReadLine()
	if err != nil {
		return Reply{}, err
	}
	return Parse(text)
}

// Command sends a command and reads its status line.
func (c *Conn) Command(command string) (Reply, error) {
	if err := c.Quiet(); err != nil {
		return Reply{}, err
	}
	if err := c.Send(command); err != nil {
		return Reply{}, err
	}
	return c.Read()
}
