// Package pop3 speaks POP3 one command at a time: status lines, multi-line
// replies, capabilities (RFC 1939, RFC 2449).
package pop3

import (
	"errors"
	"strings"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Reply is a status line.
type Reply struct {
	OK   bool   // +OK; false is -ERR
	Text string // after the indicator
}

// Parse reads a status line: the indicator in any case, then a blank or the end of
// the line. Everything else is a violation with reason ErrMalformed.
func Parse(text string) (Reply, error) {
	if rest, ok := cutIndicator(text, "+OK"); ok {
		return Reply{OK: true, Text: rest}, nil
	}
	if rest, ok := cutIndicator(text, "-ERR"); ok {
		return Reply{Text: rest}, nil
	}
	return Reply{}, wire.Violation(policy.ErrMalformed, text)
}

// cutIndicator returns what follows an indicator. Equal lengths keep out
// letters that only Unicode takes for the same: they have more bytes.
func cutIndicator(text, indicator string) (rest string, ok bool) {
	first, rest, _ := strings.Cut(text, " ")
	return rest, len(first) == len(indicator) && strings.EqualFold(first, indicator)
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
	code := r.Code()
	return line.Reply{Text: r.String(), Transient: Transient(Known(code)) || code == "" && line.Passes(r.Text)}
}

// Conn is a conversation in POP3. Replies are told apart only by their order, so a
// reply that is there before its command was sent is a violation with reason
// ErrInjected.
type Conn struct{ wire.Lines }

// New returns a Conn over l.
func New(l wire.Lines) *Conn { return &Conn{l} }

// Quiet returns an error if the server has spoken out of turn, or has closed the
// connection. A -ERR before the end of the connection, as of a server whose patience
// has ended, is its farewell; anything else is a violation with reason ErrInjected.
func (c *Conn) Quiet() error {
	err := c.Lines.Quiet()
	if !errors.Is(err, policy.ErrInjected) {
		return err
	}
	waiting := string(c.Peek())
	words, rest, whole := strings.Cut(waiting, "\r\n")
	if _, refusal := cutIndicator(words, "-ERR"); !refusal || !whole || rest != "" {
		return err
	}
	c.Discard(len(waiting))
	if arrived, ended := c.Arrived(); !arrived && ended != nil {
		return wire.Hangup(words)
	}
	return err
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

// Read reads a status line.
func (c *Conn) Read() (Reply, error) {
	text, err := c.ReadSlice()
	switch {
	case err != nil:
		return Reply{}, err
	case string(text) == "+OK": // costs no memory
		return Reply{OK: true}, nil
	}
	return Parse(string(text))
}

// Multiline reads what follows the status line of a multi-line reply, and calls row
// for each line, without the dot that the line may be stuffed with (RFC 1939 §3). A
// line with an octet that no text has is given as the violation that it is. An error
// of row is returned at once.
//
// A status line between the lines is a violation with reason ErrMalformed: no list
// has one, and it means that replies are taken for those of other commands.
func (c *Conn) Multiline(row func(text string, odd error) error) error {
	for {
		text, err := c.ReadLine()
		_, positive := cutIndicator(text, "+OK")
		_, negative := cutIndicator(text, "-ERR")
		switch {
		case errors.Is(err, wire.ErrOctet):
			err = row("", err)
		case err != nil:
		case text == ".":
			return nil
		case positive || negative:
			err = wire.Violation(policy.ErrMalformed, text)
		default:
			err = row(strings.TrimPrefix(text, "."), nil)
		}
		if err != nil {
			return err
		}
	}
}
